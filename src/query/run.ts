import pLimit from 'p-limit';
import { KauditError, messageOf } from '../shared/errors.ts';
import { readCoverage } from './coverage.ts';
import type { Definition } from './definition.ts';
import { listed } from './groups.ts';
import { runEvents } from './kinds/events.ts';
import { runThreshold } from './kinds/threshold.ts';
import { observe } from './observe.ts';
import { matchQuery, noiseOf, noiseQuery, type Scope } from './scope.ts';
import { bucketsOf, type Search, searcher } from './search.ts';
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
    const reason = observability.kind === 'observable' ? {} : { reason: observability.reason };
    if (observability.kind === 'not-observable') return { ...nothing, status: 'not-observable', ...reason };
    const found = await runKind(search, definition, scope);
    const { groups, more } = listed(definition, found.groups);
    const status: ResultStatus = groups.length > 0 ? 'findings' : 'none';
    const hidden = await countHidden(search, definition, scope);
    return {
      ...nothing,
      status,
      matches: found.requests,
      groups,
      moreGroups: more,
      hidden,
      ...reason,
      tookMs: found.tookMs,
    };
  } catch (error) {
    // Without a server there is nothing to go on with.
    if (error instanceof KauditError && error.code !== 'server-refused') throw error;
    return { ...nothing, status: 'error', reason: messageOf(error) };
  }
}

function runKind(search: Search, definition: Definition, scope: Scope): ReturnType<typeof runEvents> {
  switch (definition.kind) {
    case 'events':
      return runEvents(search, definition, scope);
    case 'threshold':
      return runThreshold(search, definition, scope);
  }
}

/** How many requests each noise set hides. */
async function countHidden(search: Search, definition: Definition, scope: Scope): Promise<Record<string, number>> {
  const sets = noiseOf(definition, scope);
  if (sets.length === 0) return {};
  const filters = Object.fromEntries(sets.map((set) => [set.id, noiseQuery(set)]));
  const answer = await search({
    query: matchQuery(definition, scope),
    aggs: { noise: { filters: { filters, keyed: false } } },
  });
  const counts = bucketsOf(answer.aggregations, 'noise').map(
    (bucket) => [String(bucket['key']), Number(bucket['doc_count'])] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
