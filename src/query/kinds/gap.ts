import { eachBucket, eachSeries, keyOf, type Tuple } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import type { Groups } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { reportedQuery, type Scope, scopeFilters } from '../scope.ts';
import { metricOf, type Search } from '../search.ts';
import { inWords, iso, milliseconds } from '../time.ts';
import type { Group } from '../types.ts';

/** Requests that no silence lies between which is long enough to matter. */
export interface Piece {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

export interface Gap {
  readonly from: number;
  /** Undefined: it is still silent where the log of its cluster ends. */
  readonly to?: number;
  readonly length: number;
}

export interface Bounds {
  /** Lengths in milliseconds. */
  readonly longerThan: number;
  readonly usually: number;
  /** When the log of the cluster ends. */
  readonly end: number;
}

const CLUSTER = 'kaudit.cluster';

/** Who made requests at a steady rate and then none. */
export async function runGap(reader: Reader, definition: DefinitionOf<'gap'>, scope: Scope): Promise<Groups> {
  const { by } = definition.group;
  const longerThan = milliseconds(definition.gap.longerThan);
  const usually = milliseconds(definition.gap.usually);
  const query = reportedQuery(definition, scope);
  const ends = await readEnds(reader.search, scope);
  const aggs = { first: { min: { field: '@timestamp' } }, last: { max: { field: '@timestamp' } } };
  const silent = new Map<string, readonly Gap[]>();
  let series = 0;
  // A silence that is longer than a slot never lies within one: the first and the last request of each are enough.
  await eachSeries(reader.search, { query, by, every: longerThan, aggs }, (tuple, buckets) => {
    series += 1;
    const end = ends.get(clusterKey(tuple, by)) ?? Number.NEGATIVE_INFINITY;
    const pieces = buckets.map(([, bucket]) => ({
      first: Date.parse(String(metricOf(bucket, 'first'))),
      last: Date.parse(String(metricOf(bucket, 'last'))),
      count: Number(bucket['doc_count']),
    }));
    const gaps = gapsIn(pieces, { longerThan, usually, end });
    if (gaps.length > 0) silent.set(keyOf(tuple), gaps);
  });
  const notes = endedEarly(scope, ends, longerThan);
  const unseen = series === 0 ? 'nobody makes such requests: they may not be logged at all' : undefined;
  if (silent.size === 0) {
    return { groups: [], requests: 0, ...(notes.length > 0 && { notes }), ...(unseen && { unseen }) };
  }
  const all = await collectGroups(reader, definition, query);
  const groups = all.groups.flatMap((group) => {
    const gaps = silent.get(keyOf(by.map((field) => group.by[field] ?? null)));
    return gaps === undefined ? [] : [withGaps(group, gaps)];
  });
  return {
    groups,
    requests: groups.reduce((sum, { requests }) => sum + requests, 0),
    ...(all.cut && { cut: all.cut }),
    ...(notes.length > 0 && { notes }),
  };
}

/** When the log of each cluster ends within the window: after that, nobody is silent, nothing is known. */
async function readEnds(search: Search, scope: Scope): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>();
  const query = { bool: { filter: scopeFilters(scope) } };
  const sources = [{ cluster: { terms: { field: CLUSTER, missing_bucket: true } } }];
  const aggs = { last: { max: { field: '@timestamp' } } };
  await eachBucket(search, { query, sources, aggs }, (bucket, { cluster }) => {
    const last = metricOf(bucket, 'last');
    if (typeof last === 'string') ends.set(JSON.stringify(cluster), Date.parse(last));
  });
  return ends;
}

function clusterKey(tuple: Tuple, by: readonly string[]): string {
  return JSON.stringify(tuple[by.indexOf(CLUSTER)]);
}

/** Silences after a run of requests that was as long, with so little between them. Pieces are in the order of time. */
export function gapsIn(pieces: readonly Piece[], { longerThan, usually, end }: Bounds): readonly Gap[] {
  const gaps: Gap[] = [];
  let run: Piece | undefined;
  const silence = (after: Piece, to: number, goesOn: boolean): void => {
    const active = after.last - after.first;
    const isSteady = active >= longerThan && active / (after.count - 1) <= usually;
    if (isSteady && to - after.last > longerThan)
      gaps.push({ from: after.last, length: to - after.last, ...(!goesOn && { to }) });
  };
  for (const piece of pieces) {
    if (run === undefined || piece.first - run.last > longerThan) {
      if (run !== undefined) silence(run, piece.first, false);
      run = piece;
    } else {
      run = { first: run.first, last: piece.last, count: run.count + piece.count };
    }
  }
  if (run !== undefined) silence(run, end, true);
  return gaps;
}

/** The longest silence stands for all. */
function withGaps(group: Group, gaps: readonly Gap[]): Group {
  const longest = gaps.reduce((best, gap) => (gap.length > best.length ? gap : best));
  const silence = {
    silences: gaps.length,
    silentFor: inWords(longest.length),
    silentFrom: iso(longest.from),
    silentTo: longest.to === undefined ? null : iso(longest.to),
  };
  return { ...group, show: { ...group.show, ...silence } };
}

/** A log that ends before the window does is told; that all of its cluster is silent would be said of every old log. */
function endedEarly({ window }: Scope, ends: ReadonlyMap<string, number>, longerThan: number): readonly string[] {
  const { to } = window;
  if (to === undefined) return [];
  return [...ends]
    .filter(([, end]) => Date.parse(to) - end > longerThan)
    .map(([cluster, end]) => {
      const name = cluster === 'null' ? 'no cluster by name' : cluster;
      return `the log of ${name} ends at ${iso(end)}: whether anybody is silent after that is not known`;
    });
}
