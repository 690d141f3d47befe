import pLimit from 'p-limit';
import { KauditError, messageOf } from '../shared/errors.ts';
import { readCoverage } from './coverage.ts';
import type { Definition } from './definition.ts';
import { type Groups, listed, MOST_BUCKETS } from './groups.ts';
import { runEvents } from './kinds/events.ts';
import { runThreshold } from './kinds/threshold.ts';
import { observe } from './observe.ts';
import { matchQuery, noiseOf, noiseQuery, type Scope } from './scope.ts';
import { bucketsOf, metricOf, type Search, searcher } from './search.ts';
import type { Ask, Coverage, InvestigationResult, ResultStatus, RunResult } from './types.ts';

export interface RunOptions extends Scope {
  readonly ask: Ask;
  /** Index or alias to search. */
  readonly target: string;
  readonly definitions: readonly Definition[];
}

const AT_ONCE = 3;

/** Runs investigations over the same data. One that fails has status `error`, and the others go on. */
export async function runInvestigations(options: RunOptions): Promise<RunResult> {
  const search = searcher(options.ask, options.target);
  const coverage = await readCoverage(search, options);
  const limit = pLimit(AT_ONCE);
  const runs = options.definitions.map((definition) => limit(() => runOne(search, definition, options, coverage)));
  return { window: options.window, coverage, results: await Promise.all(runs) };
}

async function runOne(
  search: Search,
  definition: Definition,
  scope: Scope,
  coverage: Coverage,
): Promise<InvestigationResult> {
  const { id, title, severity } = definition;
  const nothing = { id, title, severity, matches: 0, groups: [], moreGroups: 0, hidden: {}, tookMs: 0 };
  try {
    const observability = await observe(search, definition, scope, coverage);
    if (observability.kind === 'not-observable') {
      return { ...nothing, status: 'not-observable', reason: observability.reason };
    }
    const found = await runKind(search, definition, scope);
    const { groups, more } = listed(definition, found.groups);
    const status = statusOf(found);
    const reasons = [
      ...(observability.kind === 'partly' ? [observability.reason] : []),
      ...(found.cut ? [TOO_MANY] : []),
    ];
    const hidden = await countHidden(search, definition, scope);
    return {
      ...nothing,
      status,
      matches: found.requests,
      groups,
      moreGroups: more,
      hidden,
      ...(found.cut && { incomplete: true as const }),
      ...(reasons.length > 0 && { reason: reasons.join('; ') }),
      tookMs: found.tookMs,
    };
  } catch (error) {
    // Without a server there is nothing to go on with.
    if (error instanceof KauditError && error.code !== 'server-refused') throw error;
    return { ...nothing, status: 'error', reason: messageOf(error) };
  }
}

const TOO_MANY = `only the first ${MOST_BUCKETS.toLocaleString('en')} groups were looked at: narrow the window with --from and --to`;

/** What was found stands even where not all was looked at; nothing found is an answer only where all was. */
function statusOf({ groups, cut }: Groups): ResultStatus {
  if (groups.length > 0) return 'findings';
  return cut ? 'error' : 'none';
}

function runKind(search: Search, definition: Definition, scope: Scope): Promise<Groups> {
  switch (definition.kind) {
    case 'events':
      return runEvents(search, definition, scope);
    case 'threshold':
      return runThreshold(search, definition, scope);
  }
}

/** How many requests each noise set hides; about so many where they are told apart from their stages. */
async function countHidden(search: Search, definition: Definition, scope: Scope): Promise<Record<string, number>> {
  const sets = noiseOf(definition, scope);
  if (sets.length === 0) return {};
  const filters = Object.fromEntries(sets.map((set) => [set.id, noiseQuery(set)]));
  const isPerRequest = definition.stages !== undefined;
  const requests = { cardinality: { field: 'auditID', precision_threshold: 40_000 } };
  const answer = await search({
    query: matchQuery(definition, scope),
    aggs: { noise: { filters: { filters, keyed: false }, ...(isPerRequest && { aggs: { requests } }) } },
  });
  const counts = bucketsOf(answer.aggregations, 'noise').map(
    (bucket) =>
      [String(bucket['key']), Number(isPerRequest ? metricOf(bucket, 'requests') : bucket['doc_count'])] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
