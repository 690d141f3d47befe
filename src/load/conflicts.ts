import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from '../audit/event.ts';
import type { Entry } from './entry.ts';
import type { Store } from './store.ts';

/** What an id that was taken turns out to be: stored by this very run, stored before, or another event. */
export type Verdict = 'created' | 'duplicate' | 'variant';

export interface Conflict {
  readonly entry: Entry;
  /** An earlier try may have stored it, its answer having been lost. */
  readonly resent: boolean;
}

const FINGERPRINT = ['kaudit.hash', 'kaudit.ingested', 'kaudit.origin'];

/** Compares what is stored under taken ids with what was to be stored: an equal id is a claim, not a proof. */
export async function judgeConflicts(store: Store, conflicts: readonly Conflict[]): Promise<readonly Verdict[]> {
  const stored = await store.get(
    conflicts.map(({ entry }) => entry.address),
    FINGERPRINT,
  );
  const verdicts = conflicts.map((conflict, at) => judgeByHash(conflict, stored[at]));
  const unsure = conflicts.filter((_, at) => verdicts[at] === undefined);
  const sources = await store.get(unsure.map(({ entry }) => entry.address));
  const second = new Map(unsure.map(({ entry }, at) => [entry, judgeByContent(entry, sources[at])]));
  return conflicts.map(({ entry }, at) => verdicts[at] ?? second.get(entry) ?? 'variant');
}

function judgeByHash({ entry, resent }: Conflict, source: JsonObject | undefined): Verdict | undefined {
  const facts = source?.['kaudit'];
  if (!isObject(facts) || facts['hash'] !== entry.document.hash) return undefined;
  return resent && isOfThisRun(entry, facts) ? 'created' : 'duplicate';
}

function isOfThisRun(entry: Entry, facts: JsonObject): boolean {
  return facts['ingested'] === entry.ingested && isDeepStrictEqual(facts['origin'], entry.candidate.origin);
}

/** The same event may be written with other blanks, or its keys in another order. */
function judgeByContent(entry: Entry, source: JsonObject | undefined): Verdict {
  if (source === undefined) return 'variant';
  try {
    return isDeepStrictEqual(contentOf(source), contentOf(JSON.parse(entry.document.json))) ? 'duplicate' : 'variant';
  } catch (error) {
    // Nested deeper than the comparison's stack: not shown to be equal.
    if (error instanceof RangeError) return 'variant';
    throw error;
  }
}

const NOT_CONTENT = new Set(['kind', 'apiVersion', '@timestamp', 'data_stream', 'kaudit']);

function contentOf(source: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(source).filter(([key]) => !NOT_CONTENT.has(key)));
}
