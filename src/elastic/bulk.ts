import { setTimeout as delay } from 'node:timers/promises';
import { isObject } from '../audit/event.ts';
import { KauditError } from '../shared/errors.ts';
import type { Cluster, RawResponse } from './cluster.ts';
import { refusal } from './connection.ts';

/** A document to create: its JSON on one line. */
export interface BulkDocument {
  readonly index: string;
  readonly id: string;
  readonly json: string;
}

/**
 * created   stored by this call
 * conflict  the id is taken; `resent`: perhaps by an earlier try of this call whose answer was lost
 * refused   the server does not take this document, ever
 */
export type BulkOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'conflict'; readonly resent: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

export interface BulkOptions {
  readonly signal?: AbortSignal;
  /** Told before each wait: why, and for how many milliseconds. */
  readonly onRetry?: (reason: string, waitMs: number) => void;
  /** Gives up after so long without any document being settled. */
  readonly patienceMs?: number;
}

/** Answers are matched by position, so every item must keep its status. Reasons quote field values: types do not. */
const BULK_PATH = '/_bulk?filter_path=errors,items.*.status,items.*.error.type&include_source_on_error=false';
const NO_OUTCOME: BulkOutcome = { kind: 'refused', reason: 'no outcome' };
const TOO_LARGE = 'larger than the server takes';
const UNREADABLE = 'the server cannot read it';
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const PATIENCE_MS = 300_000;

/** State of one call: outcomes by position, and which documents may have been stored by a try whose answer was lost. */
interface Delivery {
  readonly documents: readonly BulkDocument[];
  readonly outcomes: (BulkOutcome | undefined)[];
  readonly resent: Set<number>;
}

/**
 * Creates documents and says what became of each. The only place that retries: whatever may pass (429, 5xx, no answer)
 * is sent again with the same ids, with full jitter, until it is settled or patience ends (`unreachable`).
 */
export async function createDocuments(
  cluster: Cluster,
  documents: readonly BulkDocument[],
  options: BulkOptions = {},
): Promise<readonly BulkOutcome[]> {
  const delivery: Delivery = { documents, outcomes: new Array(documents.length), resent: new Set() };
  let pending = documents.map((_, position) => position);
  let progressAt = Date.now();
  for (let attempt = 0; pending.length > 0; attempt += 1) {
    const { left, reason, retryAfterMs } = await deliver(cluster, delivery, pending, options.signal);
    if (left.length === 0) break;
    if (left.length < pending.length) {
      attempt = 0;
      progressAt = Date.now();
    }
    pending = left;
    if (Date.now() - progressAt > (options.patienceMs ?? PATIENCE_MS)) throw givingUp(cluster.url, reason, left.length);
    const waitMs = Math.max(retryAfterMs, Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));
    options.onRetry?.(reason, waitMs);
    await delay(waitMs, undefined, options.signal && { signal: options.signal });
  }
  const outcomes = Array.from(delivery.outcomes, (outcome): BulkOutcome => outcome ?? NO_OUTCOME);
  // When not one of several gets through, it is the request that the server refuses, and no document is to blame.
  if (outcomes.length > 1 && outcomes.every((outcome) => outcome.kind === 'refused' && outcome.reason === UNREADABLE)) {
    throw new KauditError('server-refused', `${cluster.url} refuses every bulk request as unreadable.`, {
      hint: 'A proxy between kaudit and the server may change requests; nothing was stored.',
    });
  }
  return outcomes;
}

function givingUp(url: string, reason: string, documents: number): KauditError {
  return new KauditError('unreachable', `Gave up on ${documents} documents for ${url}: ${reason}.`, {
    hint: 'When the server is well again, run the same command: what is stored is not stored twice.',
  });
}

/** What one try leaves unsettled. */
interface Remainder {
  readonly left: number[];
  readonly reason: string;
  readonly retryAfterMs: number;
}

async function deliver(
  cluster: Cluster,
  delivery: Delivery,
  positions: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Remainder> {
  const response = await trySend(cluster, bulkBody(delivery.documents, positions), signal);
  if (typeof response === 'string') return outcomeUnknown(delivery, positions, response);
  if (response.status === 200) return settle(cluster, delivery, positions, response);
  if (response.status === 413 || response.status === 400)
    return await bisect(cluster, delivery, positions, response, signal);
  if (response.status === 401 || response.status === 403) throw refusal(response, 'to store documents', cluster.url);
  if (response.status !== 429 && response.status < 500) throw refusal(response, 'to store documents', cluster.url);
  const retryAfterMs = (response.retryAfterSeconds ?? 0) * 1000;
  return { ...outcomeUnknown(delivery, positions, `status ${response.status}`), retryAfterMs };
}

/** The answer, or why there is none to trust. */
async function trySend(cluster: Cluster, body: Buffer, signal: AbortSignal | undefined): Promise<RawResponse | string> {
  try {
    return await cluster.send({ method: 'POST', path: BULK_PATH, body, contentType: 'ndjson' });
  } catch (error) {
    if (signal?.aborted || !(error instanceof KauditError)) throw error;
    if (error.code === 'unreachable') return 'no answer';
    // It was Elasticsearch when we connected: a proxy's page, or JSON that breaks off, says nothing about the documents.
    if (error.code === 'unsupported-server') return "an answer that is not the server's";
    throw error;
  }
}

function bulkBody(documents: readonly BulkDocument[], positions: readonly number[]): Buffer {
  let body = '';
  for (const position of positions) {
    const document = documents[position];
    if (document) body += `{"create":{"_index":"${document.index}","_id":"${document.id}"}}\n${document.json}\n`;
  }
  return Buffer.from(body);
}

function outcomeUnknown(delivery: Delivery, positions: readonly number[], reason: string): Remainder {
  for (const position of positions) delivery.resent.add(position);
  return { left: [...positions], reason, retryAfterMs: 0 };
}

/** A request that is refused as a whole has a document that spoils it, or is too large: halves find out which. */
async function bisect(
  cluster: Cluster,
  delivery: Delivery,
  positions: readonly number[],
  response: RawResponse,
  signal: AbortSignal | undefined,
): Promise<Remainder> {
  const [only] = positions;
  if (positions.length === 1 && only !== undefined) {
    const reason = response.status === 413 ? TOO_LARGE : UNREADABLE;
    delivery.outcomes[only] = { kind: 'refused', reason };
    return { left: [], reason, retryAfterMs: 0 };
  }
  const middle = Math.ceil(positions.length / 2);
  const first = await deliver(cluster, delivery, positions.slice(0, middle), signal);
  const second = await deliver(cluster, delivery, positions.slice(middle), signal);
  return {
    left: [...first.left, ...second.left],
    reason: first.left.length > 0 ? first.reason : second.reason,
    retryAfterMs: Math.max(first.retryAfterMs, second.retryAfterMs),
  };
}

function settle(cluster: Cluster, delivery: Delivery, positions: readonly number[], response: RawResponse): Remainder {
  const items = isObject(response.body) ? response.body['items'] : undefined;
  // A proxy that cuts an answer short leaves nothing to trust: the same ids go again.
  if (!Array.isArray(items) || items.length !== positions.length)
    return outcomeUnknown(delivery, positions, 'an incomplete answer');
  const left: number[] = [];
  let reason = '';
  for (const [at, position] of positions.entries()) {
    const { status, type } = readItem(items[at]);
    if (status === 201) delivery.outcomes[position] = { kind: 'created' };
    else if (status === 409) delivery.outcomes[position] = { kind: 'conflict', resent: delivery.resent.has(position) };
    else if (status === 429 || status >= 500 || type === 'cluster_block_exception') {
      left.push(position);
      // A 5xx may have been stored on a shard's copy; a 429 has not.
      if (status >= 500) delivery.resent.add(position);
      reason = `${type} (status ${status})`;
    } else if (status === 403 || status === 404) throw targetRefused(cluster.url, status, type);
    else delivery.outcomes[position] = { kind: 'refused', reason: type };
  }
  return { left, reason, retryAfterMs: 0 };
}

function readItem(item: unknown): { status: number; type: string } {
  const result = isObject(item) ? Object.values(item)[0] : undefined;
  const status = isObject(result) ? Number(result['status']) : Number.NaN;
  const error = isObject(result) ? result['error'] : undefined;
  return {
    status: Number.isNaN(status) ? 500 : status,
    type: isObject(error) ? String(error['type']) : 'unknown error',
  };
}

function targetRefused(url: string, status: number, type: string): KauditError {
  return status === 404
    ? new KauditError('server-refused', `An index went away on ${url} while loading (${type}).`, {
        hint: 'Run the same command again: kaudit creates what is missing.',
      })
    : new KauditError('unauthorized', `${url} does not let this user store documents (${type}).`, {
        hint: 'The user or API key needs create_doc on kaudit-events-* and kaudit-variants-*.',
      });
}
