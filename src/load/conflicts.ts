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

export interface Conflict {
  readonly entry: Entry;
  /** An earlier try of ours may have stored it, its answer having been lost. */
  readonly resent: boolean;
}

const FINGERPRINT = ['kaudit.hash', 'kaudit.ingested', 'kaudit.origin'];

/** Compares what is stored under taken ids with what was to be stored: an equal id is a claim, not a proof. */
export async function judgeConflicts(
  store: Store,
  batch: Batch,
  conflicts: readonly Conflict[],
): Promise<readonly Judged[]> {
  const addressesOf = (some: readonly Conflict[]): readonly DocumentAddress[] =>
    some.map(({ entry }) => addressOf(batch, entry));
  const stored = await store.get(addressesOf(conflicts), FINGERPRINT);
  const judged: Judged[] = [];
  const unsure: Conflict[] = [];
  let known: ReadonlySet<Entry> | undefined;
  const isRepeated = (entry: Entry): boolean => {
    known ??= repeatsIn(batch);
    return known.has(entry);
  };
  for (const [at, conflict] of conflicts.entries()) {
    const verdict = judgeByHash(batch, conflict, stored[at], isRepeated);
    if (verdict === undefined) unsure.push(conflict);
    else judged.push({ entry: conflict.entry, verdict });
  }
  const sources = await store.get(addressesOf(unsure));
  const others = unsure.map(({ entry }, at) => ({ entry, verdict: judgeByContent(batch, entry, sources[at]) }));
  return [...judged, ...others];
}

/** Documents whose address an earlier one of the batch has, such as the same event twice in one line. */
function repeatsIn(batch: Batch): ReadonlySet<Entry> {
  const seen = new Set<string>();
  const repeats = new Set<Entry>();
  for (const entry of batch.documents) {
    const { index, id } = addressOf(batch, entry);
    const address = `${index}/${id}`;
    if (seen.has(address)) repeats.add(entry);
    seen.add(address);
  }
  return repeats;
}

/**
 * A document of this very run, from this very place, was stored by this request where its answer came too late or was
 * lost. A server tries again by itself too when a node dies with the request, and says nothing of it
 * (https://github.com/elastic/elasticsearch/pull/9125).
 */
function judgeByHash(
  batch: Batch,
  { entry, resent }: Conflict,
  source: JsonObject | undefined,
  isRepeated: (entry: Entry) => boolean,
): Verdict | undefined {
  const facts = source?.['kaudit'];
  const { hash, ingested, origin } = oursOf(textOf(batch, entry)).kaudit;
  if (!isObject(facts) || facts['hash'] !== hash) return undefined;
  const isOfThisRun = facts['ingested'] === ingested && isDeepStrictEqual(facts['origin'], origin);
  return isOfThisRun && (resent || !isRepeated(entry)) ? 'created' : 'duplicate';
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
