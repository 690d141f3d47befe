import { isDeepStrictEqual } from 'node:util';
import { oursOf } from '../audit/document.ts';
import { meaningHash } from '../audit/identity.ts';
import { addressOf, type DocumentAddress } from '../shared/bulk.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import { type Batch, type Entry, textOf } from './batch.ts';
import type { Store } from './store.ts';

/** What an id that was taken turns out to be: stored by this very run, stored before, or another event. */
export type Verdict = 'created' | 'duplicate' | 'variant';

export interface Judged {
  readonly entry: Entry;
  readonly verdict: Verdict;
}

const FINGERPRINT = ['kaudit.hash', 'kaudit.ingested', 'kaudit.origin'];

/** Compares what is stored under taken ids with what was to be stored: an equal id is a claim, not a proof. */
export async function judgeConflicts(
  store: Store,
  batch: Batch,
  conflicts: readonly Entry[],
): Promise<readonly Judged[]> {
  const stored = await fingerprintsOf(store, batch, conflicts);
  const judged: Judged[] = [];
  const unsure: Entry[] = [];
  for (const [at, entry] of conflicts.entries()) {
    const fingerprint = stored[at];
    if (fingerprint === undefined || fingerprint.hash !== oursIn(batch, entry).hash) unsure.push(entry);
    else judged.push({ entry, verdict: isOfThisRun(batch, entry, fingerprint) ? 'created' : 'duplicate' });
  }
  const sources = await store.get(addressesOf(batch, unsure));
  const others = unsure.map((entry, at) => ({ entry, verdict: judgeByContent(batch, entry, sources[at]) }));
  return [...judged, ...others];
}

/** Which of the documents whose ids are taken this very run has stored. */
export async function storedByThisRun(
  store: Store,
  batch: Batch,
  conflicts: readonly Entry[],
): Promise<ReadonlySet<Entry>> {
  const stored = await fingerprintsOf(store, batch, conflicts);
  return new Set(conflicts.filter((entry, at) => isOfThisRun(batch, entry, stored[at])));
}

async function fingerprintsOf(
  store: Store,
  batch: Batch,
  entries: readonly Entry[],
): Promise<readonly (JsonObject | undefined)[]> {
  const sources = await store.get(addressesOf(batch, entries), FINGERPRINT);
  return sources.map((source) => (isObject(source?.['kaudit']) ? source['kaudit'] : undefined));
}

function addressesOf(batch: Batch, entries: readonly Entry[]): readonly DocumentAddress[] {
  return entries.map((entry) => addressOf(batch, entry));
}

function oursIn(batch: Batch, entry: Entry): ReturnType<typeof oursOf>['kaudit'] {
  return oursOf(textOf(batch, entry)).kaudit;
}

/**
 * A document of this run, from this place in this log, was stored by a try whose answer was lost: one of ours, or one of the
 * server's own, which it makes when a node dies with the request, and says nothing of
 * (https://github.com/elastic/elasticsearch/pull/9125). No two records of a run have one place.
 */
function isOfThisRun(batch: Batch, entry: Entry, fingerprint: JsonObject | undefined): boolean {
  const { ingested, origin } = oursIn(batch, entry);
  return fingerprint?.['ingested'] === ingested && isDeepStrictEqual(fingerprint['origin'], origin);
}

/** The same event may be written with other blanks, or its keys in another order. */
function judgeByContent(batch: Batch, entry: Entry, source: JsonObject | undefined): Verdict {
  if (source === undefined) return 'variant';
  try {
    return isDeepStrictEqual(contentOf(source), contentOf(sourceOf(batch, entry))) ? 'duplicate' : 'variant';
  } catch (error) {
    // Nested deeper than the comparison's stack: not shown to be equal.
    if (error instanceof RangeError) return 'variant';
    throw error;
  }
}

/**
 * Hash by which a variant is told from others of the same id. An event that is nested deeper than the hash's stack goes
 * by its text: another spelling of it is another variant.
 */
export function variantHash(batch: Batch, entry: Entry): string {
  try {
    return meaningHash(contentOf(sourceOf(batch, entry)));
  } catch (error) {
    if (error instanceof RangeError) return oursOf(textOf(batch, entry)).kaudit.hash;
    throw error;
  }
}

function sourceOf(batch: Batch, entry: Entry): JsonObject {
  const { event, added } = textOf(batch, entry);
  return JSON.parse(event + added) as JsonObject;
}

const NOT_CONTENT = new Set(['kind', 'apiVersion', '@timestamp', 'data_stream', 'kaudit']);

/** The event alone. A degraded document has it as one string, which may hold bytes that are no JSON. */
function contentOf(source: JsonObject): JsonObject {
  const raw = isObject(source['kaudit']) ? source['kaudit']['raw'] : undefined;
  const event: unknown = typeof raw !== 'string' ? source : raw.startsWith('{') ? JSON.parse(raw) : { raw };
  return Object.fromEntries(Object.entries(event as JsonObject).filter(([key]) => !NOT_CONTENT.has(key)));
}
