import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, type FoundCheckpoint, fingerprintOf, withCheckpoints } from '../../src/load/checkpoints.ts';
import { NOTHING } from '../../src/load/ledger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaudit-checkpoints-'));
});

const CHECKPOINT: Omit<Checkpoint, 'version'> = {
  key: '/logs/audit.log',
  offset: 4096,
  reading: { kaudit: '0.1.0', facts: 2, format: 'lines', longestLine: 1024 },
  head: fingerprintOf(Buffer.from('begins')),
  tail: fingerprintOf(Buffer.from('ends')),
  counts: { ...NOTHING, read: 3, created: 2, quarantined: 1 },
  reasons: [{ fate: 'quarantined', reason: 'not-json', count: 1 }],
  quarantineFiles: ['/home/alice/quarantine/run.jsonl'],
  indices: { 'kaudit-events-default-2026.03': 'uuid' },
};
const FOUND: FoundCheckpoint = { kind: 'checkpoint', checkpoint: { version: 2, ...CHECKPOINT } };

const find = (key = CHECKPOINT.key): Promise<FoundCheckpoint> =>
  withCheckpoints(folder, (checkpoints) => checkpoints.find(key));
const save = (): Promise<void> => withCheckpoints(folder, (checkpoints) => checkpoints.save([CHECKPOINT]));
const file = (): string => join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '');

describe('a checkpoint', () => {
  it('is found again by the next process, and is of one log only', async () => {
    await save();
    expect(await find()).toEqual(FOUND);
    expect(await find('/logs/other.log')).toEqual({ kind: 'none' });
  });

  it('is gone when the load has come to its end', async () => {
    await save();
    await withCheckpoints(folder, (checkpoints) => checkpoints.forget(CHECKPOINT.key));
    expect(await find()).toEqual({ kind: 'none' });
  });

  it.each<[string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, 40)],
    ['empty', () => ''],
    ['full of zeroes, as after a power cut', (text) => '\0'.repeat(text.length)],
    ['of another version', (text) => text.replace('"version":2', '"version":1')],
    ['of another log', (text) => text.replace('audit.log', 'other.log')],
    ['without an offset', (text) => text.replace('"offset":4096', '"offset":null')],
  ])('that is %s is not believed', async (_, spoil) => {
    await save();
    writeFileSync(file(), spoil(readFileSync(file(), 'utf8')));
    expect(await find()).toEqual({ kind: 'damaged' });
  });

  it('is the old one when a process dies before the new one has its name', async () => {
    await save();
    writeFileSync(`${file()}.new`, '{"version":2,"off');
    expect(await find()).toEqual(FOUND);
    await save();
    expect(await find()).toEqual(FOUND);
  });
});

describe('a folder of checkpoints', () => {
  it("is one load's alone", async () => {
    await withCheckpoints(folder, async () => {
      await expect(save()).rejects.toMatchObject({
        code: 'state-in-use',
        message: expect.stringContaining(`pid ${process.pid}`),
        hint: expect.stringContaining('KAUDIT_HOME'),
      });
    });
    await save();
  });

  it('that cannot be written any more is told once, and the load goes on', async () => {
    const inner = join(folder, 'gone');
    const said: string[] = [];
    await withCheckpoints(
      inner,
      async (checkpoints) => {
        rmSync(inner, { recursive: true });
        await checkpoints.save([CHECKPOINT]);
        await checkpoints.save([CHECKPOINT]);
      },
      (line) => void said.push(line),
    );
    expect(said).toEqual([
      expect.stringContaining(`${inner} cannot be written`),
      expect.stringContaining('It goes on'),
    ]);
  });

  it('can be read by its owner only: it tells what a load has looked at', async () => {
    const inner = join(folder, 'state');
    await withCheckpoints(inner, (checkpoints) => checkpoints.save([CHECKPOINT]));
    const { statSync } = await import('node:fs');
    expect(statSync(inner).mode & 0o077).toBe(0);
  });
});
