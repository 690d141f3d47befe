import { unlessStopped } from '../shared/wait.ts';

/**
 * Gives what comes until it is told to stop, and ends then, also in the middle of waiting: stdin may stay open and silent.
 * What it waits for at that moment is dropped when it comes.
 */
export async function* stoppable<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const step = await unlessStopped(iterator.next(), signal);
      if (step === undefined || step.done) return;
      yield step.value;
    }
  } finally {
    const closed = iterator.return?.();
    // It closes behind what it still waits for, which may never come.
    if (signal.aborted) closed?.catch(() => {});
    else await closed;
  }
}
