/** What is remembered while a log is read, whatever its records are: memory is bounded by it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Checkpoints, type LoadReport, load, type Source, streamSource } from '../../src/load/index.ts';
import { rawEvent } from '../support/events.ts';
import { memoryStore } from '../support/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-resumption-'));
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A log on disk that comes a line at a time. */
function logOf(lines: readonly string[]): Source {
  const bytes = async function* (): AsyncGenerator<Buffer> {
    for (const line of lines) yield Buffer.from(`${line}\n`);
  };
  return sourceOf(bytes);
}

function sourceOf(bytes: () => AsyncIterable<Buffer>): Source {
  const name = 'audit.log';
  const member = { kind: 'member', name, key: name, size: undefined, named: true, isRereadable: true, bytes } as const;
  return {
    ...streamSource(name, bytes),
    members: async function* () {
      yield member;
    },
  };
}

type Saved = Parameters<Checkpoints['save']>[0][number];

/** Loads a log, each line of which takes so long. */
async function loadLog(lines: readonly string[], millis: number): Promise<{ report: LoadReport; saved: Saved[] }> {
  const { report, saved } = await loadSource(logOf(lines), millis);
  expect(report).toMatchObject({ read: lines.length, balanced: true });
  return { report, saved };
}

async function loadSource(source: Source, millis: number): Promise<{ report: LoadReport; saved: Saved[] }> {
  const saved: Saved[] = [];
  const { report } = await load(memoryStore(), [source], {
    namespace: 'test',
    quarantine: join(folder, 'quarantine'),
    signal: new AbortController().signal,
    checkpoints: {
      find: async () => ({ kind: 'none' }),
      save: async (checkpoints) => void saved.push(...checkpoints),
      forget: async () => {},
    },
    onProgress: () => vi.setSystemTime(Date.now() + millis),
  });
  return { report, saved };
}

const SKIPPED = 'I0302 09:41:07.123456       1 audit.go:90] no event, but it names an auditID';
const BROKEN = '{"kind":"Event","auditID":"cut off';
const EVENT = JSON.stringify(rawEvent());

describe('how far a load is', () => {
  it.each([
    ['of other programs, which are skipped', SKIPPED],
    ['that are broken, and quarantined', BROKEN],
  ])('is remembered over a log of nothing but records %s', async (_, line) => {
    const { saved } = await loadLog([SKIPPED, ...new Array<string>(50).fill(line)], 1000);
    expect(saved.length).toBeGreaterThan(40);
    expect(saved.map(({ offset }) => offset)).toEqual(saved.map(({ offset }) => offset).toSorted((a, b) => a - b));
  });

  it('does not wait for an event whose batch would never be full', async () => {
    const lines = [EVENT, ...new Array<string>(3000).fill(SKIPPED)];
    const { report, saved } = await loadLog(lines, 0);
    expect(report).toMatchObject({ created: 1, skipped: 3000 });
    const length = SKIPPED.length + 1;
    expect(saved.map(({ offset }) => Math.round((offset - EVENT.length) / length))).toEqual([1000, 2000, 3000]);
  });
});

describe('a document over many lines, in which reading cannot begin again', () => {
  it('passes without being held: nobody will ask what stood before a place in it', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const chunks: WeakRef<Buffer>[] = [];
    let held = Number.POSITIVE_INFINITY;
    const text = `${JSON.stringify(rawEvent({ padding: 'x'.repeat(1 << 20) }), null, 1)}\n`;
    const bytes = async function* (): AsyncGenerator<Buffer> {
      for (let count = 0; count < 60; count += 1) {
        const chunk = Buffer.from(text);
        chunks.push(new WeakRef(chunk));
        yield chunk;
      }
      await nextTurn();
      collectGarbage();
      held = chunks.filter((chunk) => chunk.deref() !== undefined).length;
    };
    const { report } = await loadSource(sourceOf(bytes), 0);
    expect(report).toMatchObject({ read: 60, balanced: true });
    expect(held).toBeLessThan(10);
  });
});
