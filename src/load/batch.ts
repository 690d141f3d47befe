import pLimit from 'p-limit';
import type { Entry } from './entry.ts';

/** Throughput is flat from 5 MB a request up (measured: see bench/), and the server's memory is not. */
const BATCH_CHARACTERS = 8 * 1024 * 1024;
const BATCH_DOCUMENTS = 5000;
const BATCHES_AT_ONCE = 4;

export interface Batcher {
  /** Takes an entry; true when a batch has just been filled and the caller should wait for room. */
  readonly add: (entry: Entry) => boolean;
  /** Resolves when another batch may be filled; throws what a delivery threw. */
  readonly room: () => Promise<void>;
  /** Delivers the rest and waits for all. */
  readonly finish: () => Promise<void>;
}

/** Collects entries into batches and delivers a few of them at a time: memory is bounded by what is under way. */
export function openBatcher(deliver: (entries: readonly Entry[]) => Promise<void>): Batcher {
  const limit = pLimit(BATCHES_AT_ONCE);
  const underWay = new Set<Promise<void>>();
  let entries: Entry[] = [];
  let characters = 0;
  let failure: { readonly error: unknown } | undefined;

  const dispatch = (): void => {
    const batch = entries;
    entries = [];
    characters = 0;
    if (batch.length === 0) return;
    const delivered = limit(() => deliver(batch)).catch((error: unknown) => {
      failure ??= { error };
    });
    underWay.add(delivered);
    void delivered.then(() => underWay.delete(delivered));
  };
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };

  return {
    add: (entry) => {
      entries.push(entry);
      characters += entry.document.json.length;
      if (characters < BATCH_CHARACTERS && entries.length < BATCH_DOCUMENTS) return false;
      dispatch();
      return true;
    },
    room: async () => {
      while (underWay.size >= BATCHES_AT_ONCE && failure === undefined) await Promise.race(underWay);
      throwFailure();
    },
    finish: async () => {
      dispatch();
      await Promise.all(underWay);
      throwFailure();
    },
  };
}
