import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type FakeElasticsearch, fakeElasticsearch } from './fake-elasticsearch.ts';
import { fakeTarget, type Target } from './oracle.ts';

/** What each test of a file has for itself. */
export interface FakeWorld {
  readonly fake: FakeElasticsearch;
  readonly target: Target;
  readonly folder: string;
}

/** A fake server and a folder for each test of a file: other set-up that needs them comes after this. */
export function useFakeTarget(): FakeWorld {
  let world: FakeWorld | undefined;
  const current = (): FakeWorld => {
    if (world === undefined) throw new Error('no test is running');
    return world;
  };
  beforeEach(async () => {
    const fake = await fakeElasticsearch();
    world = { fake, target: fakeTarget(fake), folder: mkdtempSync(join(tmpdir(), 'kaudit-fake-')) };
  });
  afterEach(async () => {
    await current().fake.close();
    rmSync(current().folder, { recursive: true });
  });
  return {
    get fake() {
      return current().fake;
    },
    get target() {
      return current().target;
    },
    get folder() {
      return current().folder;
    },
  };
}
