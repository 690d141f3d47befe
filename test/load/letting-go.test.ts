/** What a load still holds of logs that it has read: millions of small ones must not fill the memory. */
import { describe, expect, it, vi } from 'vitest';
import type { Checkpoint } from '../../src/load/checkpoints.ts';
import { settle } from '../../src/load/ledger.ts';
import { type OpenedMember, openResumption, type Resumption } from '../../src/load/resume.ts';
import type { Member } from '../../src/load/unpack/index.ts';
import { chunked, collect } from '../support/chunks.ts';
import { memoryStore } from '../support/memory-store.ts';

const reading: Checkpoint['reading'] = { kaudit: '0.0.0', facts: 1, longestLine: 1000 };
const LOG = Buffer.from('one\ntwo\n');
const SECOND_LINE = 4;

function memberOf(name: string): Member {
  const bytes: Member['bytes'] = ({ from = 0, to } = {}) => chunked(LOG.subarray(from, to), [LOG.length]);
  return { kind: 'member', name, key: name, size: undefined, named: true, isRereadable: true, bytes };
}

interface Remembered {
  readonly resumption: Resumption;
  readonly checkpoints: Map<string, Omit<Checkpoint, 'version'>>;
}

function remembering(checkpoints: Remembered['checkpoints'] = new Map()): Remembered {
  const resumption = openResumption({
    store: memoryStore(),
    checkpoints: {
      find: async (key) => {
        const checkpoint = checkpoints.get(key);
        return checkpoint ? { kind: 'checkpoint', checkpoint: { version: 2, ...checkpoint } } : { kind: 'none' };
      },
      save: async (some) => {
        for (const checkpoint of some) checkpoints.set(checkpoint.key, checkpoint);
      },
      forget: async (key) => void checkpoints.delete(key),
    },
    quarantine: {
      add: async () => {},
      sync: async () => {},
      file: () => 'quarantine.jsonl',
      earlierFiles: () => [],
      close: async () => {},
    },
    flush: async () => {},
    reading,
    say: () => {},
  });
  return { resumption, checkpoints };
}

/** Reads a log of one record to its end; gives what enters the record's fate. */
async function readWhole({ ledger, bytes, done, close }: OpenedMember): Promise<() => void> {
  await collect(bytes);
  const segment = ledger.read();
  await done(LOG.length);
  close();
  return () => settle(segment, 'created');
}

/** How often a log is asked how far it is. */
const asked = ({ ledger }: OpenedMember): (() => number) => {
  const progress = vi.spyOn(ledger, 'progress');
  return () => progress.mock.calls.length;
};

describe('a log that was read to its end', () => {
  it('is let go of when its last place is saved, and forgotten all the same when the load is done', async () => {
    const { resumption, checkpoints } = remembering();
    const log = await resumption.open(memberOf('a'));
    const times = asked(log);
    (await readWhole(log))();
    await resumption.close();
    expect(checkpoints.get('a')).toMatchObject({ offset: LOG.length, counts: { created: 1 } });
    expect(times()).toBe(1);
    await resumption.close();
    expect(times()).toBe(1);
    await resumption.forget();
    expect([...checkpoints]).toEqual([]);
  });

  it('is kept until its last record has its fate', async () => {
    const { resumption, checkpoints } = remembering();
    const log = await resumption.open(memberOf('a'));
    const settleIt = await readWhole(log);
    await resumption.close();
    expect([...checkpoints]).toEqual([]);
    settleIt();
    await resumption.close();
    expect(checkpoints.get('a')).toMatchObject({ offset: LOG.length });
  });

  it('is let go of when it ends behind a place that was saved already', async () => {
    const { resumption } = remembering();
    const log = await resumption.open(memberOf('a'));
    const times = asked(log);
    const settleIt = await readWhole({ ...log, close: () => {} });
    settleIt();
    await resumption.close();
    log.close();
    await resumption.close();
    expect(times()).toBe(1);
  });

  it('is let go of at once when there is no place in it', async () => {
    const { resumption } = remembering();
    const log = await resumption.open(memberOf('a'));
    const times = asked(log);
    log.close();
    await resumption.close();
    expect(times()).toBe(0);
  });

  it('is kept while it is still read, saved or not', async () => {
    const { resumption, checkpoints } = remembering();
    const log = await resumption.open(memberOf('a'));
    await collect(log.bytes);
    for (const place of [SECOND_LINE, LOG.length]) {
      log.ledger.skip('other record');
      await log.done(place);
      await resumption.close();
      expect(checkpoints.get('a')).toMatchObject({ offset: place });
    }
    await resumption.forget();
    await resumption.close();
    expect([...checkpoints]).toEqual([]);
  });

  it('leaves behind where an earlier load has quarantined its records', async () => {
    const { checkpoints, ...first } = remembering();
    (await readWhole(await first.resumption.open(memberOf('a'))))();
    await first.resumption.close();
    const { resumption } = remembering(checkpoints);
    const log = await resumption.open(memberOf('a'));
    expect(log.from).toBe(LOG.length);
    log.close();
    await resumption.close();
    expect(resumption.quarantineFiles()).toEqual(['quarantine.jsonl']);
  });
});
