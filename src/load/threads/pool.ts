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

/** A thread's heap stays small: it holds a few blocks, and nothing of them for long. */
const LIMITS = { maxYoungGenerationSizeMb: 16 };

const MOST_BY_DEFAULT = 4;
const FEW_CORES = 4;
/** What is read before a thread has begun. */
const SMALL = 32 * 1024 * 1024;

/** How many threads a load has unless it is told: none where the cores have enough to do, or the work is soon done. */
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

  const giveUp = ({ waiting }: Thread, reason: string): void => {
    if (!isBroken) say(`A thread that helped to read has ended: ${reason}. The load goes on without threads.`);
    isBroken = true;
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
  };
  const start = (): Thread => {
    const thread: Thread = { worker: new Worker(script, { resourceLimits: LIMITS }), waiting: new Map() };
    thread.worker.on('message', ({ number: answered, parcel }: Answer) => {
      thread.waiting.get(answered)?.(parcel);
      thread.waiting.delete(answered);
    });
    thread.worker.on('error', (error) => giveUp(thread, messageOf(error)));
    thread.worker.on('exit', (code) => giveUp(thread, `exit code ${code}`));
    threads.push(thread);
    return thread;
  };
  const idlest = (): Thread => {
    const free = threads.find(({ waiting }) => waiting.size === 0);
    if (free !== undefined) return free;
    if (threads.length < count) return start();
    return threads.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best));
  };

  return {
    count,
    blockBytes: BLOCK_BYTES,
    memory: openSharedMemory(2 * count),
    parcelOf: (task) => {
      if (isBroken) return Promise.resolve(undefined);
      number += 1;
      const order: Order = { number, task };
      const { worker, waiting } = idlest();
      return new Promise((resolve) => {
        waiting.set(order.number, resolve);
        worker.postMessage(order);
      });
    },
    close: async () => {
      isBroken = true;
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}
