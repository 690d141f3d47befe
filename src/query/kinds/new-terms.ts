import type { JsonObject } from '../../shared/json.ts';
import { eachBucket, keyOf, oneOf, sourcesOf, type Tuple, tupleIn } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import type { Groups } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { kql, matchQuery, reportedQuery, type Scope, scopeFilters } from '../scope.ts';
import type { Search } from '../search.ts';
import { inWords, iso, milliseconds } from '../time.ts';
import type { Coverage, Group, Window } from '../types.ts';
import { firstEvent } from './history.ts';

type NewTerms = DefinitionOf<'new-terms'>;

const RECENT = milliseconds('24h');

const REMEDY = 'To see what is new, choose a --from that has days of the log before it, or load older logs.';

/** A window that has a history before it: where none is asked for, the last day of the data. */
export function recentWindow(window: Window, { last }: Coverage): Window {
  return window.from !== undefined || last === undefined ? window : { ...window, from: iso(Date.parse(last) - RECENT) };
}

/** Which requests have a combination of values that the history before the window has not. */
export async function runNewTerms(reader: Reader, definition: NewTerms, scope: Scope): Promise<Groups> {
  const { search } = reader;
  const history = await historyOf(search, definition, scope);
  if (history.kind === 'none') return { groups: [], requests: 0, unseen: history.reason, remedy: REMEDY };
  const { fields, newcomers } = definition.newTerms;
  const all = await collectGroups(reader, definition, reportedQuery(definition, scope));
  const before = await seenBefore(search, historyQuery(definition, history.scope), fields, all.groups);
  const fresh = all.groups.filter((group) => !before.has(keyOf(tupleOf(group, fields))));
  const known =
    newcomers === 'report' ? undefined : await seenBefore(search, everything(history.scope), fields.slice(0, 1), fresh);
  const groups = fresh.filter((group) => known?.has(keyOf(tupleOf(group, fields.slice(0, 1)))) ?? true);
  const notes = [...history.notes, ...leftOut(fields, fresh, groups)];
  return {
    groups,
    requests: sum(groups),
    ...(all.cut && { cut: all.cut }),
    ...(notes.length > 0 && { notes }),
  };
}

type History =
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'some'; readonly scope: Scope; readonly notes: readonly string[] };

/** What there is to compare with: novelty is never claimed of data that merely begins. */
async function historyOf(search: Search, { newTerms }: NewTerms, scope: Scope): Promise<History> {
  const { from } = scope.window;
  if (from === undefined) return { kind: 'none', reason: 'no event has a time: nothing can be called new' };
  const asked = Date.parse(from) - milliseconds(newTerms.history);
  const before = { ...scope, window: { from: iso(asked), to: from } };
  if ((await firstEvent(search, before)) === undefined) {
    return {
      kind: 'none',
      reason: `there are no events in the ${newTerms.history} before ${from}: nothing can be called new`,
    };
  }
  const begin = (await firstEvent(search, { ...scope, window: { to: from } })) ?? asked;
  const had = inWords(Date.parse(from) - begin);
  const notes = begin > asked ? [`the history before ${from} is ${had} instead of ${newTerms.history}`] : [];
  return { kind: 'some', scope: before, notes };
}

/** What counts as seen. Noise does: it hides, and makes nothing new. */
function historyQuery(definition: NewTerms, history: Scope): JsonObject {
  const { of } = definition.newTerms;
  return of === undefined ? matchQuery(definition, history) : { bool: { filter: [...scopeFilters(history), kql(of)] } };
}

function everything(history: Scope): JsonObject {
  return { bool: { filter: scopeFilters(history) } };
}

const AT_ONCE = 1000;

/** Which of the values that groups have in some fields are among what matches, as keys. */
async function seenBefore(
  search: Search,
  query: JsonObject,
  fields: readonly string[],
  groups: readonly Group[],
): Promise<ReadonlySet<string>> {
  const wanted = new Map(groups.map((group) => tupleOf(group, fields)).map((tuple) => [keyOf(tuple), tuple]));
  const tuples = [...wanted.values()];
  const seen = new Set<string>();
  for (let at = 0; at < tuples.length; at += AT_ONCE) {
    const some = tuples.slice(at, at + AT_ONCE);
    const filters = fields.map((field, place) => oneOf(field, [...new Set(some.map((tuple) => tuple[place] ?? null))]));
    const limited = { bool: { filter: [query, ...filters] } };
    await eachBucket(search, { query: limited, sources: sourcesOf(fields) }, (_, key) => {
      const found = keyOf(tupleIn(key, fields));
      if (wanted.has(found)) seen.add(found);
    });
  }
  return seen;
}

function tupleOf({ by }: Group, fields: readonly string[]): Tuple {
  return fields.map((field) => by[field] ?? null);
}

function leftOut([first = '']: readonly string[], all: readonly Group[], kept: readonly Group[]): readonly string[] {
  const staying = new Set(kept);
  const gone = all.filter((group) => !staying.has(group));
  if (gone.length === 0) return [];
  const newcomers = new Set(gone.map(({ by }) => by[first] ?? null));
  return [`${sum(gone)} requests are left out of ${newcomers.size} that are new themselves (${first})`];
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((total, { requests }) => total + requests, 0);
}
