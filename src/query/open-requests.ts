/**
 * Requests that match and have not ended, such as a watch that is still open: an event of an earlier stage is all there
 * is of them. Many requests begin like that and few are open, so the beginnings are read first, without anything that is
 * measured, and only what has no end is looked at.
 */
import { isObject, type JsonObject } from '../shared/json.ts';
import { oneOf } from './buckets.ts';
import type { Definition } from './definition.ts';
import { type Collected, eachGroup, fold, keysOf, MOST_BUCKETS } from './groups.ts';
import { type Sources, scalarOf, sourceOf } from './keys.ts';
import type { Reader, Scan } from './scan.ts';
import { ENDED } from './scope.ts';
import type { Scalar } from './types.ts';

/** A request among its events: clients choose auditIDs, so the time of arrival, in milliseconds, is part of it. */
interface Identity {
  readonly id: Scalar | null;
  readonly at: Scalar | null;
}

const REQUEST: Sources = { id: sourceOf('auditID'), at: sourceOf('requestReceivedTimestamp') };
/** Requests that are measured together: so many ids are in a query. */
const TOGETHER = 500;

/** Adds the requests that match and have no event that matches and ends them; whether there were too many to look at. */
export async function collectOpen(
  { search, scan }: Reader,
  definition: Definition,
  query: JsonObject,
  all: Collected,
): Promise<boolean> {
  const began = { bool: { filter: [query], must_not: [ENDED] } };
  // One that ended is counted by its end; when it began shows here.
  const { total, cut } = await eachGroup(
    search,
    definition,
    { query: began, keys: keysOf(definition.group.by) },
    (one) => fold(all, one, definition, 0),
  );
  if (total === 0) return false;
  const open = await readOpen(scan, query, began);
  const identities = [...open.values()].slice(0, MOST_BUCKETS);
  const keys = { ...REQUEST, ...keysOf(definition.group.by) };
  for (let at = 0; at < identities.length; at += TOGETHER) {
    const filter = [began, ...among(identities.slice(at, at + TOGETHER))];
    await eachGroup(search, definition, { query: { bool: { filter } }, keys }, (bucket) => {
      const requests = open.has(keyOf(identityIn(bucket))) ? 1 : 0;
      fold(all, bucket, definition, requests);
      all.requests += requests;
    });
  }
  return cut || open.size > MOST_BUCKETS;
}

/** The requests that began and did not end, by their identity; of more than can be looked at, one more. */
async function readOpen(scan: Scan, query: JsonObject, began: JsonObject): Promise<ReadonlyMap<string, Identity>> {
  const open = new Map<string, Identity>();
  await scan({ query: began, ...IDENTITY_ONLY }, async (hits) => {
    if (open.size > MOST_BUCKETS) return;
    const page = new Map(hits.map(identityOf).map((one) => [keyOf(one), one]));
    const filter = [query, ENDED, ...among([...page.values()])];
    await scan({ query: { bool: { filter } }, ...IDENTITY_ONLY }, (ends) => {
      for (const end of ends) page.delete(keyOf(identityOf(end)));
    });
    for (const [key, one] of page) open.set(key, one);
  });
  return open;
}

/** To read anything that is stored, even `_id`, takes ten times as long: whole blocks are unpacked for it. */
const IDENTITY_ONLY = {
  stored_fields: '_none_',
  docvalue_fields: [{ field: 'auditID' }, { field: 'requestReceivedTimestamp', format: 'epoch_millis' }],
};

/** Events of these requests, and of few others. An id that is too long for the index is missing there. */
function among(requests: readonly Identity[]): readonly JsonObject[] {
  const ids = oneOf('auditID', [...new Set(requests.map(({ id }) => id))]);
  const times = requests.map(({ at }) => at).filter((at) => typeof at === 'number');
  if (times.length < requests.length) return [ids];
  // Keeps the search small where one id was chosen for very many requests.
  const [gte, last] = times.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
  return [ids, { range: { requestReceivedTimestamp: { gte, lt: last + 1, format: 'epoch_millis' } } }];
}

/** Values of a document: the time has a fraction, which buckets leave out. */
function identityOf({ fields }: JsonObject): Identity {
  const first = (field: string): Scalar | null => {
    const values = isObject(fields) ? fields[field] : undefined;
    return Array.isArray(values) ? scalarOf(values[0]) : null;
  };
  const at = first('requestReceivedTimestamp');
  return { id: first('auditID'), at: at === null ? null : Math.floor(Number(at)) };
}

function identityIn({ key }: JsonObject): Identity {
  return isObject(key) ? { id: scalarOf(key['id']), at: scalarOf(key['at']) } : { id: null, at: null };
}

function keyOf({ id, at }: Identity): string {
  return JSON.stringify([id, at]);
}
