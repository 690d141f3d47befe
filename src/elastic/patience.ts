import { setTimeout as delay } from 'node:timers/promises';
import { KauditError } from '../shared/errors.ts';
import type { Cluster, RawRequest, RawResponse } from './cluster.ts';
import { askBy } from './connection.ts';

export interface RetryOptions {
  readonly signal?: AbortSignal;
  /** Told before each wait: why, and for how many milliseconds. */
  readonly onRetry?: (reason: string, waitMs: number) => void;
  /** Gives up after so long without any progress. */
  readonly patienceMs?: number;
}

/** How long to go on trying, and how long to wait between two tries. */
export interface Patience {
  /** Waits before the next try; throws what `givingUp` makes when patience has ended. */
  readonly wait: (reason: string, retryAfterMs: number, givingUp: (reason: string) => KauditError) => Promise<void>;
  /** Something was achieved: the waits are short again, and patience is new. */
  readonly progress: () => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const PATIENCE_MS = 300_000;

/**
 * Exponential waits with full jitter, so that many clients of a server that comes back do not all come at once. Not by
 * the clock on the wall: a machine that slept has waited for nobody.
 */
export function openPatience({ signal, onRetry, patienceMs = PATIENCE_MS }: RetryOptions): Patience {
  let tries = 0;
  let progressAt = performance.now();
  return {
    wait: async (reason, retryAfterMs, givingUp) => {
      if (performance.now() - progressAt > patienceMs) throw givingUp(reason);
      const asked = Math.min(retryAfterMs, patienceMs);
      const waitMs = Math.max(asked, Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries));
      tries += 1;
      onRetry?.(reason, waitMs);
      await delay(waitMs, undefined, signal && { signal });
    },
    progress: () => {
      tries = 0;
      progressAt = performance.now();
    },
  };
}

/** An answer, or in words why there is none to trust. */
export type Try = RawResponse | string;

/** Sends once. An answer that is not the server's counts as none: it was Elasticsearch when we connected. */
export async function trySend(cluster: Cluster, request: RawRequest, signal: AbortSignal | undefined): Promise<Try> {
  try {
    return await cluster.send(request);
  } catch (error) {
    if (signal?.aborted || !(error instanceof KauditError)) throw error;
    if (error.code === 'unreachable') return 'no answer';
    if (error.code === 'unsupported-server') return "an answer that is not the server's";
    throw error;
  }
}

/** Whether the same request may fare better later. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Sends what may be sent twice, until there is an answer that a wait would not change. */
export async function sendPatiently(
  cluster: Cluster,
  request: RawRequest,
  options: RetryOptions,
): Promise<RawResponse> {
  const patience = openPatience(options);
  for (;;) {
    const answer = await trySend(cluster, request, options.signal);
    if (typeof answer !== 'string' && !mayPass(answer.status)) return answer;
    const reason = typeof answer === 'string' ? answer : `status ${answer.status}`;
    await patience.wait(reason, retryAfterMs(answer), (why) => gaveUp(cluster.url, why));
  }
}

/** The cluster, with patience for every request but those that have their own: bulk requests and look-ups. */
export function patiently(cluster: Cluster, options: RetryOptions): Cluster {
  const send = (request: RawRequest): Promise<RawResponse> => sendPatiently(cluster, request, options);
  return { ...cluster, send, ask: askBy(send, cluster.url) };
}

export function retryAfterMs(answer: Try): number {
  return typeof answer === 'string' ? 0 : (answer.retryAfterSeconds ?? 0) * 1000;
}

export function gaveUp(url: string, reason: string): KauditError {
  return new KauditError('unreachable', `Gave up on ${url}: ${reason}.`, {
    hint: 'When the server is well again, run the same command: what is stored is not stored twice.',
  });
}
