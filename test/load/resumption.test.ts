/** What is remembered while a log is read, whatever its records are: memory is bounded by it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  const name = 'audit.log';
  const member = { kind: 'member', name, key: name, size: undefined, named: true, isRereadable: true, bytes } as const;
  return {
    ...streamSource(name, bytes),
    members: async function* () {
      yield member;
    },
  };
}

type Saved = Parameters<Checkpoints['save']>[0];

/** Loads a log, each line of which takes so long. */
async function loadLog(lines: readonly string[], millis: number): Promise<{ report: LoadReport; saved: Saved[] }> {
  const saved: Saved[] = [];
  const { report } = await load(memoryStore(), [logOf(lines)], {
    namespace: 'test',
    quarantine: join(folder, 'quarantine'),
    signal: new AbortController().signal,
    checkpoints: {
      find: async () => ({ kind: 'none' }),
      save: async (checkpoint) => void saved.push(checkpoint),
      forget: async () => {},
    },
    onProgress: () => vi.setSystemTime(Date.now() + millis),
  });
  expect(report).toMatchObject({ read: lines.length, balanced: true });
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
