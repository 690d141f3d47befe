import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../shared/errors.ts';
import { BLOCK_BYTES, openSharedMemory, type SharedMemory } from './blocks.ts';
import type { Parcel, Task } from './parcel.ts';
import type { Answer, Order } from './worker.ts';

/** Makes documents on other cores. */
export interface Threads {
  /** How many work side by side. */
  readonly count: number;
  /** Bytes of lines that are worth a task. */
  readonly blockBytes: number;
  readonly memory: SharedMemory;
  /** A task's documents; undefined where only the thread that has the whole log can make them. Never rejects. */
  readonly parcelOf: (task: Task) => Promise<Parcel | undefined>;
  readonly close: () => Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, (parcel: Parcel | undefined) => void>;
}

/** Nothing of an event lives long in a thread: a larger young generation would be memory without use. */
const LIMITS = { maxYoungGenerationSizeMb: 16 };

const MOST_BY_DEFAULT = 4;
const FEW_CORES = 4;
/** Bytes that one thread has read before others would have begun to help. */
const SMALL = 32 * 1024 * 1024;

/**
 * How many threads a load has unless it is told: none where the cores have enough to do, or the work is soon done. `bytes`:
 * of the logs as they are on disk, undefined where nobody knows.
 */
export function usualThreads(bytes: number | undefined, cores = availableParallelism()): number {
  const isSmall = bytes !== undefined && bytes < SMALL;
  return isSmall || cores < FEW_CORES ? 0 : Math.min(MOST_BY_DEFAULT, Math.floor(cores / 2));
}

/**
 * Threads that start with their first task. When one breaks down, `say` tells so, and its tasks and all later ones are left
 * to who asked.
 */
export function openThreads(
  count: number,
  say: (line: string) => void,
  script = new URL('./worker.js', import.meta.url),
): Threads {
  const threads: Thread[] = [];
  let isBroken = false;
  let number = 0;

  const breakDown = (error: unknown): void => {
    if (!isBroken)
      say(`A thread that helps to read has broken down: ${messageOf(error)}. The load goes on without threads.`);
    isBroken = true;
  };
  const giveUp = ({ waiting }: Thread, error: unknown): void => {
    breakDown(error);
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
  };
  const start = (): Thread => {
    const thread: Thread = { worker: new Worker(script, { resourceLimits: LIMITS }), waiting: new Map() };
    thread.worker.on('message', ({ number: answered, parcel }: Answer) => {
      thread.waiting.get(answered)?.(parcel);
      thread.waiting.delete(answered);
    });
    // Given up only when it has ended: one that goes on might write into memory that is another block's by then.
    thread.worker.on('messageerror', () => void thread.worker.terminate());
    thread.worker.on('error', (error) => giveUp(thread, error));
    thread.worker.on('exit', (code) => giveUp(thread, new Error(`exit code ${code}`)));
    threads.push(thread);
    return thread;
  };
  /** Undefined where another one is needed and the system gives none. */
  const idlest = (): Thread | undefined => {
    const free = threads.find(({ waiting }) => waiting.size === 0);
    if (free !== undefined) return free;
    if (threads.length === count)
      return threads.reduce((best, one) => (one.waiting.size < best.waiting.size ? one : best));
    try {
      return start();
    } catch (error) {
      breakDown(error);
      return undefined;
    }
  };

  return {
    count,
    blockBytes: BLOCK_BYTES,
    memory: openSharedMemory(2 * count),
    parcelOf: async (task) => {
      const thread = isBroken ? undefined : idlest();
      if (thread === undefined) return undefined;
      number += 1;
      const order: Order = { number, task };
      return await new Promise((resolve) => {
        thread.waiting.set(order.number, resolve);
        thread.worker.postMessage(order);
      });
    },
    close: async () => {
      isBroken = true;
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}
