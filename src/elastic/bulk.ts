import { addressAt, type BulkBody, type BulkOutcome } from '../shared/bulk.ts';
import { crashPoint } from '../shared/crash-point.ts';
import { KauditError } from '../shared/errors.ts';
import { isObject } from '../shared/json.ts';
import { itemsOf, LOST_ITEM, saysAllCreated } from './bulk-answer.ts';
import type { Cluster, RawResponse } from './cluster.ts';
import { INDEX_CLOSED, refusal, targetRefused } from './failures.ts';
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
const CONFLICT: BulkOutcome = { kind: 'conflict' };
const NO_OUTCOME: BulkOutcome = { kind: 'refused', reason: 'no outcome' };
const TOO_LARGE = 'larger than the server takes';
const UNREADABLE = 'the server cannot read it';
const IN_FAILURE_STORE = 'redirected to the failure store';

/** Positions of documents that share a request. */
type Part = readonly number[];

/** State of one call, with outcomes by position. */
interface Delivery {
  readonly body: BulkBody;
  readonly outcomes: (BulkOutcome | undefined)[];
  /** The server is known to read bulk requests: a document is to blame for one that it does not read. */
  readsBulks: boolean;
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
  const delivery: Delivery = { body, outcomes: new Array(body.documents.length), readsBulks: false };
  const patience = openPatience(options);
  let parts: readonly Part[] = [body.documents.map((_, position) => position)];
  while (countIn(parts) > 0) {
    const { rest, failed, reason, retryAfterMs } = await deliverInParts(cluster, delivery, parts, options.signal);
    const left = countIn(rest) + failed.length;
    if (left === 0) break;
    if (left < countIn(parts)) patience.progress();
    parts = left < body.documents.length ? failedLast(rest, failed) : inSmallerParts(rest, failed);
    await patience.wait(reason, retryAfterMs, (why) => gaveUpOn(cluster.url, body, parts, why));
  }
  return Array.from(delivery.outcomes, (outcome): BulkOutcome => outcome ?? NO_OUTCOME);
}

function countIn(parts: readonly Part[]): number {
  return parts.reduce((count, part) => count + part.length, 0);
}

/** Nothing passes: a request may be more than the server has room for, or a proxy lets through, and none of them says so. */
function inSmallerParts(rest: readonly Part[], failed: Part): readonly Part[] {
  return rest.length < MOST_PARTS ? [...rest, failed].flatMap(halvesOf) : failedLast(rest, failed);
}

/**
 * Others pass: one document may be what fails, and halves find out which. It must not stand before any that would pass, so
 * larger parts go first.
 */
function failedLast(rest: readonly Part[], failed: Part): readonly Part[] {
  return [...rest, ...halvesOf(failed)].sort((one, other) => other.length - one.length);
}

function halvesOf(part: Part): readonly Part[] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(0, middle), part.slice(middle)].filter((half) => half.length > 0);
}

/** Where all others have passed, the server is there, and the user needs to know which document it fails at. */
function gaveUpOn(url: string, body: BulkBody, parts: readonly Part[], why: string): KauditError {
  const left = countIn(parts);
  const [[first = 0] = []] = parts;
  const othersPassed = left < body.documents.length && left === parts.length;
  if (!othersPassed) return gaveUp(url, `${why}, for ${left} documents`);
  const { index, id } = addressAt(body, first);
  const which = left === 1 ? 'one document only:' : `${left} documents only, the first of them`;
  return new KauditError('unreachable', `Gave up on ${url}: ${why}, for ${which} ${id} of ${index}.`, {
    hint:
      'All others of its batch have passed: the server, or a proxy before it, may fail at what this document holds. ' +
      'Run the same command again; if it names the same document, their logs may say why.',
  });
}

/** The body of a request for one document. */
export function bulkBodyOf(index: string, id: string, json: string): BulkBody {
  const action = `${JSON.stringify({ create: { _index: index, _id: id } })}\n`;
  const bytes = Buffer.from(`${action}${json}\n`);
  return { bytes, documents: [{ start: 0, event: Buffer.byteLength(action), end: bytes.length }] };
}

/** Why something is left, and how long the server wants to be left alone. */
interface Setback {
  readonly reason: string;
  readonly retryAfterMs: number;
}

/** What one try leaves unsettled. */
interface Remainder extends Setback {
  readonly left: Part;
}

/** What one row of requests leaves unsettled: the part of which nothing was taken, if any, and all else. */
interface RowRemainder extends Setback {
  readonly rest: readonly Part[];
  readonly failed: Part;
}

/** Delivers one part after the other, until there is one of which nothing is taken. */
async function deliverInParts(
  cluster: Cluster,
  delivery: Delivery,
  parts: readonly Part[],
  signal: AbortSignal | undefined,
): Promise<RowRemainder> {
  const rest: Part[] = [];
  let last: Setback = { reason: '', retryAfterMs: 0 };
  for (const [at, part] of parts.entries()) {
    const { left, ...setback } = await deliver(cluster, delivery, part, signal);
    if (left.length === 0) continue;
    last = setback;
    // Not one was taken: the others, just now, would fare no better.
    if (left.length === part.length) return { ...setback, rest: [...rest, ...parts.slice(at + 1)], failed: part };
    rest.push(left);
  }
  return { ...last, rest, failed: [] };
}

async function deliver(
  cluster: Cluster,
  delivery: Delivery,
  positions: Part,
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
  if (typeof answer === 'string') return outcomeUnknown(positions, answer);
  if (answer.status === 200) delivery.readsBulks = true;
  const text = String(answer.body);
  if (answer.status === 200 && saysAllCreated(text, delivery.body, positions)) {
    for (const position of positions) delivery.outcomes[position] = CREATED;
    return { left: [], reason: '', retryAfterMs: 0 };
  }
  const response = { ...answer, body: parsedOr(text) };
  if (response.status === 200) return settle(cluster, delivery, positions, response);
  if (response.status === 400) await expectReader(cluster, delivery, signal);
  if (response.status === 413 || response.status === 400)
    return await bisect(cluster, delivery, positions, response, signal);
  if (!mayPass(response.status) && !isBlocked(response)) throw refusal(response, 'to store documents', cluster.url);
  const remainder = outcomeUnknown(positions, `status ${response.status}`);
  return { ...remainder, retryAfterMs: retryAfterMs(response) };
}

/**
 * Asks whether the server reads bulk requests at all, before every document is sent alone and blamed: with a document that
 * is refused in any case, because its index is no alias. No answer leaves the question open.
 */
async function expectReader(cluster: Cluster, delivery: Delivery, signal: AbortSignal | undefined): Promise<void> {
  const { body, readsBulks } = delivery;
  if (readsBulks || body.documents.length === 1) return;
  const create = { _index: addressAt(body, 0).index, _id: 'none', require_alias: true };
  const question = Buffer.from(`${JSON.stringify({ create })}\n{}\n`);
  const answer = await trySend(
    cluster,
    { method: 'POST', path: BULK_PATH, body: question, contentType: 'ndjson' },
    signal,
  );
  if (typeof answer === 'string' || mayPass(answer.status)) return;
  if (answer.status === 400) {
    throw new KauditError('server-refused', `${cluster.url} refuses every bulk request as unreadable.`, {
      hint: 'A proxy between kaudit and the server may change requests: run the same command again when it no longer does.',
    });
  }
  delivery.readsBulks = true;
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
function linesOf({ bytes, documents }: BulkBody, positions: Part): Buffer {
  if (positions.length === documents.length) return bytes;
  return Buffer.concat(
    positions.map((position) => {
      const { start = 0, end = 0 } = documents[position] ?? {};
      return bytes.subarray(start, end);
    }),
  );
}

function outcomeUnknown(positions: Part, reason: string): Remainder {
  return { left: [...positions], reason, retryAfterMs: 0 };
}

/** A request that is refused as a whole has a document that spoils it, or is too large: halves find out which. */
async function bisect(
  cluster: Cluster,
  delivery: Delivery,
  positions: Part,
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

function settle(cluster: Cluster, delivery: Delivery, positions: Part, response: RawResponse): Remainder {
  const items = itemsOf(response.body, delivery.body, positions);
  // A proxy that cuts an answer short, or mixes two up, leaves nothing to trust: the same ids go again.
  if (items === undefined) return outcomeUnknown(positions, 'an answer to something else');
  const left: number[] = [];
  let reason = '';
  for (const [at, position] of positions.entries()) {
    const { status, type, failureStore } = items[at] ?? LOST_ITEM;
    if (failureStore) delivery.outcomes[position] = { kind: 'refused', reason: IN_FAILURE_STORE };
    else if (status === 201) delivery.outcomes[position] = CREATED;
    else if (status === 409) delivery.outcomes[position] = CONFLICT;
    else if (mayPass(status) || type === BLOCK) {
      left.push(position);
      reason = `${type} (status ${status})`;
    } else if (status === 403 || status === 404 || type === INDEX_CLOSED) {
      throw targetRefused(cluster.url, addressAt(delivery.body, position).index, status, type);
    } else delivery.outcomes[position] = { kind: 'refused', reason: type };
  }
  return { left, reason, retryAfterMs: 0 };
}
