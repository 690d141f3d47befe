/** A load that fails has stopped when it says so: it reads, sends and remembers nothing any more. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { findSources, load, type Store, streamSource } from '../../src/load/index.ts';
import { openQuarantine, type Quarantine } from '../../src/load/quarantine.ts';
import { KauditError } from '../../src/shared/errors.ts';
import { rawEvent } from '../support/events.ts';
import { memoryStore } from '../support/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-failure-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FULL = new KauditError('no-disk', 'The disk is full.');
const CONTEXT = { cluster: undefined, namespace: 'test' };
/** Takes nothing. */
const full: Quarantine = { ...openQuarantine(folder, 'run', CONTEXT), add: () => Promise.reject(FULL) };

const BROKEN = '{"kind":"Event","auditID":"cut off\n';
/** More than a batch. */
const EVENTS = Array.from(
  { length: 600 },
  (_, at) => `${JSON.stringify(rawEvent({ auditID: `id-${at}`, userAgent: 'x'.repeat(50_000) }))}\n`,
).join('');

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('a load of which one file fails', () => {
  it('has stopped the others, and nothing is under way, when it throws', async () => {
    const happened: string[] = [];
    const slow: Partial<Store> = {
      create: async ({ documents }) => {
        happened.push('sent');
        await delay(100);
        happened.push('stored');
        return documents.map(() => ({ kind: 'created' }));
      },
    };
    const sources = await findSources([file('good.log', EVENTS), file('bad.log', EVENTS + BROKEN)], process.stdin);
    const loading = load(memoryStore(slow), sources, {
      namespace: 'test',
      quarantine: full,
      signal: new AbortController().signal,
      checkpoints: {
        find: async () => ({ kind: 'none' }),
        save: async () => void happened.push('remembered'),
        forget: async () => {},
      },
      onProgress: () => happened.push('read'),
    });
    await expect(loading).rejects.toBe(FULL);
    const before = [...happened];
    expect(before).toContain('read');
    expect(before.filter((one) => one === 'stored')).toHaveLength(before.filter((one) => one === 'sent').length);
    await delay(500);
    expect(happened).toEqual(before);
  });

  it('does not wait for an input that stays silent', async () => {
    const silent = streamSource('-', async function* () {
      yield Buffer.from(EVENTS.slice(0, 100_000));
      await new Promise(() => {});
    });
    const [bad] = await findSources([file('bad.log', BROKEN)], process.stdin);
    const sources = bad === undefined ? [] : [silent, bad];
    const loading = load(memoryStore(), sources, {
      namespace: 'test',
      quarantine: full,
      signal: new AbortController().signal,
    });
    await expect(loading).rejects.toBe(FULL);
  });
});

describe('how far a load is', () => {
  const loadKeeping = async (keep: () => Promise<void>): Promise<readonly string[]> => {
    const happened: string[] = [];
    const loading = load(memoryStore(), await findSources([file('kept.log', EVENTS)], process.stdin), {
      namespace: 'test',
      quarantine: folder,
      signal: new AbortController().signal,
      checkpoints: {
        find: async () => ({ kind: 'none' }),
        save: async () => {},
        forget: async () => void happened.push('forgotten'),
      },
      keep: async ({ report }) => {
        happened.push(`kept ${report.created}`);
        await keep();
      },
    });
    await loading.catch((error: unknown) => happened.push(String(error)));
    return happened;
  };

  it('is forgotten when its result is kept, and not before', async () => {
    expect(await loadKeeping(async () => {})).toEqual(['kept 600', 'forgotten']);
    const failing = await loadKeeping(() => Promise.reject(new Error('no place for it')));
    expect(failing).toEqual(['kept 600', 'Error: no place for it']);
  });
});
