import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { load, type Source, streamSource } from '../../src/load/index.ts';
import { rawEvent } from '../support/events.ts';
import { memoryStore } from '../support/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-remarks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GREW = 'grew while it was read: 10 bytes more, load again';

/** A source of these logs, of which something is remarked while the second one is read. */
function sourceOf(name: string, logs: readonly string[]): Source {
  const bytes = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from(`${JSON.stringify(rawEvent())}\n`);
  };
  return {
    ...streamSource(name, bytes),
    members: async function* (watch) {
      for (const [at, log] of logs.entries()) {
        if (at === Math.min(1, logs.length - 1)) watch?.onRemark?.(GREW);
        yield {
          kind: 'member',
          name: log,
          key: undefined,
          size: undefined,
          named: true,
          isRereadable: false,
          bytes,
        };
      }
    },
  };
}

async function reasons(source: Source): Promise<readonly (readonly [string, string | undefined])[]> {
  const quarantine = join(folder, 'quarantine');
  const { signal } = new AbortController();
  const { report, partial } = await load(memoryStore(), [source], { namespace: 'test', quarantine, signal });
  expect(partial).toBe(false);
  return report.files.map(({ file, reason }) => [file, reason] as const);
}

describe('what is remarked of a source', () => {
  it('stands with the log that it is', async () => {
    expect(await reasons(sourceOf('audit.log', ['audit.log']))).toEqual([['audit.log', GREW]]);
  });

  it('stands with the archive, and with no log in it', async () => {
    expect(await reasons(sourceOf('a.tar', ['a.tar!1', 'a.tar!2', 'a.tar!3']))).toEqual([
      ['a.tar!1', undefined],
      ['a.tar!2', undefined],
      ['a.tar!3', undefined],
      ['a.tar', GREW],
    ]);
  });
});
