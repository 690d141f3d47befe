import { setTimeout as sleep } from 'node:timers/promises';
import { KauditError } from './errors.ts';

/** Throws when the user has asked to stop. */
export function stopIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(signal.reason);
}

/** Waits, in milliseconds; throws as soon as the user asks to stop. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw interrupted(error);
  }
}

export function interrupted(cause: unknown): KauditError {
  return new KauditError('interrupted', 'Interrupted before the embedded Elasticsearch was ready.', { cause });
}

/** What comes; undefined as soon as it is told to stop, also where what comes never does. */
export function unlessStopped<T>(coming: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    // Asking for it may have stopped it.
    if (signal.aborted) stop();
    coming.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
