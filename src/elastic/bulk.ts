import type { BulkBody, BulkOutcome } from '../shared/bulk.ts';
import { crashPoint } from '../shared/crash-point.ts';
import { KauditError } from '../shared/errors.ts';
import { isObject } from '../shared/json.ts';
import { itemsOf, LOST_ITEM, saysAllCreated } from './bulk-answer.ts';
import type { Cluster, RawResponse } from './cluster.ts';
import { refusal } from './failures.ts';
import { gaveUp, mayPass, openPatience, type RetryOptions, retryAfterMs, trySend } from './patience.ts';

/**
 * Answers are matched by position and held against the id, so every item must keep both. Reasons quote field values: types
 * do not. A document in the failure store has status 201 too
 * (https://www.elastic.co/docs/manage-data/data-store/data-streams/failure-store).
 */
const BULK_PATH =
  '/_bulk?filter_path=errors,items.*._id,items.*.status,items.*.failure_store,items.*.error.type&include_source_on_error=false';
const BLOCK = 'cluster_block_exception';
const MOST_PARTS = 64;
const CREATED: BulkOutcome = { kind: 'created' };
const NO_OUTCOME: BulkOutcome = { kind: 'refused', reason: 'no outcome' };
const TOO_LARGE = 'larger than the server takes';
const UNREADABLE = 'the server cannot read it';
const IN_FAILURE_STORE = 'redirected to the failure store';

/** State of one call: outcomes by position, and which documents may have been stored by a try whose answer was lost. */
interface Delivery {
  readonly body: BulkBody;
  readonly outcomes: (BulkOutcome | undefined)[];
  readonly resent: Set<number>;
}

/**
 * Creates documents and says what became of each. Whatever may pass (429, 5xx, a block, no answer) is sent again with the
 * same ids until it is settled or patience ends (`unreachable`).
 */
export async function createDocuments(
  cluster: Cluster,
  body: BulkBody,
  options: RetryOptions = {},
): Promise<readonly BulkOutcome[]> {
  const delivery: Delivery = { body, outcomes: new Array(body.documents.length), resent: new Set() };
  const patience = openPatience(options);
  let pending = body.documents.map((_, position) => position);
  for (let parts = 1; ; ) {
    const { left, reason, retryAfterMs } = await deliverInParts(cluster, delivery, pending, parts, options.signal);
    if (left.length === 0) break;
    if (left.length < pending.length) patience.progress();
    // A request may be more than the server has room for, or a proxy lets through, and none of them says so.
    else parts = Math.min(parts * 2, MOST_PARTS);
    pending = left;
    await patience.wait(reason, retryAfterMs, (why) => gaveUp(cluster.url, `${why}, for ${left.length} documents`));
  }
  const outcomes = Array.from(delivery.outcomes, (outcome): BulkOutcome => outcome ?? NO_OUTCOME);
  if (outcomes.length > 1 && outcomes.every(isUnreadable) && !(await readsBulks(cluster, body, options.signal))) {
    throw new KauditError('server-refused', `${cluster.url} refuses every bulk request as unreadable.`, {
      hint: 'A proxy between kaudit and the server may change requests; nothing was stored.',
    });
  }
  return outcomes;
}

function isUnreadable(outcome: BulkOutcome): boolean {
  return outcome.kind === 'refused' && outcome.reason === UNREADABLE;
}

/**
 * Whether the server can read a request at all, when it has read none of several: else no document is to blame. Asks for a
 * document that is refused in any case, because its index is no alias.
 */
async function readsBulks(
  cluster: Cluster,
  { bytes, documents: [first] }: BulkBody,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const action = bytes.toString('latin1', first?.start, first?.event).replace(/}}\s*$/, ',"require_alias":true}}\n');
  const body = Buffer.from(`${action}{}\n`);
  const response = await trySend(cluster, { method: 'POST', path: BULK_PATH, body, contentType: 'ndjson' }, signal);
  return typeof response !== 'string' && response.status !== 400;
}

/** The body of a request for one document. */
export function bulkBodyOf(index: string, id: string, json: string): BulkBody {
  const action = `${JSON.stringify({ create: { _index: index, _id: id } })}\n`;
  const bytes = Buffer.from(`${action}${json}\n`);
  return { bytes, documents: [{ start: 0, event: Buffer.byteLength(action), end: bytes.length }] };
}

/** What one try leaves unsettled. */
interface Remainder {
  readonly left: number[];
  readonly reason: string;
  readonly retryAfterMs: number;
}

/** Delivers in so many requests, one after the other, until there is one of which nothing is taken. */
async function deliverInParts(
  cluster: Cluster,
  delivery: Delivery,
  positions: readonly number[],
  parts: number,
  signal: AbortSignal | undefined,
): Promise<Remainder> {
  const size = Math.ceil(positions.length / parts);
  const left: number[] = [];
  let last: Remainder = { left, reason: '', retryAfterMs: 0 };
  for (let from = 0; from < positions.length; from += size) {
    const part = positions.slice(from, from + size);
    const remainder = await deliver(cluster, delivery, part, signal);
    left.push(...remainder.left);
    if (remainder.left.length > 0) last = remainder;
    if (remainder.left.length < part.length) continue;
    // Not one was taken: the others would fare no better.
    left.push(...positions.slice(from + size));
    break;
  }
  return { ...last, left };
}

async function deliver(
  cluster: Cluster,
  delivery: Delivery,
  positions: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Remainder> {
  const body = linesOf(delivery.body, positions);
  crashPoint('before-send');
  const answer = await trySend(
    cluster,
    { method: 'POST', path: BULK_PATH, body, contentType: 'ndjson', raw: true },
    signal,
  );
  crashPoint('after-answer');
  if (typeof answer === 'string') return outcomeUnknown(delivery, positions, answer);
  const text = String(answer.body);
  if (answer.status === 200 && saysAllCreated(text, delivery.body, positions)) {
    for (const position of positions) delivery.outcomes[position] = CREATED;
    return { left: [], reason: '', retryAfterMs: 0 };
  }
  const response = { ...answer, body: parsedOr(text) };
  if (response.status === 200) return settle(cluster, delivery, positions, response);
  if (response.status === 413 || response.status === 400)
    return await bisect(cluster, delivery, positions, response, signal);
  if (!mayPass(response.status) && !isBlocked(response)) throw refusal(response, 'to store documents', cluster.url);
  const remainder = outcomeUnknown(delivery, positions, `status ${response.status}`);
  return { ...remainder, retryAfterMs: retryAfterMs(response) };
}

/** A proxy may answer in any language. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A block on the whole cluster, such as `cluster.blocks.read_only`: of no document's making, and lifted some day. */
function isBlocked({ body }: RawResponse): boolean {
  return isObject(body) && isObject(body['error']) && body['error']['type'] === BLOCK;
}

/** The lines of some of the documents; the first try sends all, and needs no copy. */
function linesOf({ bytes, documents }: BulkBody, positions: readonly number[]): Buffer {
  if (positions.length === documents.length) return bytes;
  return Buffer.concat(
    positions.map((position) => {
      const { start = 0, end = 0 } = documents[position] ?? {};
      return bytes.subarray(start, end);
    }),
  );
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
  const items = itemsOf(response.body, delivery.body, positions);
  // A proxy that cuts an answer short, or mixes two up, leaves nothing to trust: the same ids go again.
  if (items === undefined) return outcomeUnknown(delivery, positions, 'an answer to something else');
  const left: number[] = [];
  let reason = '';
  for (const [at, position] of positions.entries()) {
    const { status, type, failureStore } = items[at] ?? LOST_ITEM;
    if (failureStore) delivery.outcomes[position] = { kind: 'refused', reason: IN_FAILURE_STORE };
    else if (status === 201) delivery.outcomes[position] = CREATED;
    else if (status === 409) delivery.outcomes[position] = { kind: 'conflict', resent: delivery.resent.has(position) };
    else if (mayPass(status) || type === BLOCK) {
      left.push(position);
      // A 5xx may have been stored on a shard's copy; a 429 has not.
      if (status >= 500) delivery.resent.add(position);
      reason = `${type} (status ${status})`;
    } else if (status === 403 || status === 404) throw targetRefused(cluster.url, status, type);
    else delivery.outcomes[position] = { kind: 'refused', reason: type };
  }
  return { left, reason, retryAfterMs: 0 };
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
