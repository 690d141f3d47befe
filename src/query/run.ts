import pLimit from 'p-limit';
import { eventsAlias, variantsIndex } from '../audit/indices.ts';
import { KauditError, messageOf } from '../shared/errors.ts';
import { readCoverage } from './coverage.ts';
import type { Definition } from './definition.ts';
import { type Groups, listed, MOST_BUCKETS } from './groups.ts';
import { runEvents } from './kinds/events.ts';
import { runThreshold } from './kinds/threshold.ts';
import { unitsOf } from './measures.ts';
import { countHidden } from './noise.ts';
import { type Observability, observe } from './observe.ts';
import type { Scope } from './scope.ts';
import { type Search, searcher } from './search.ts';
import type { Ask, Coverage, InvestigationResult, ResultStatus, RunResult } from './types.ts';

export interface RunOptions extends Scope {
  readonly ask: Ask;
  /** Namespace of the indices to search. */
  readonly namespace: string;
  readonly definitions: readonly Definition[];
  /** Told after each investigation how many are done. */
  readonly onDone?: (done: number) => void;
}

const AT_ONCE = 3;

/** Runs investigations over the same data. One that fails has status `error`, and the others go on. */
export async function runInvestigations(options: RunOptions): Promise<RunResult> {
  const { ask, namespace, definitions, window, onDone } = options;
  const search = searcher(ask, eventsAlias(namespace));
  const coverage = await readCoverage(search, searcher(ask, variantsIndex(namespace)), options);
  const limit = pLimit(AT_ONCE);
  let done = 0;
  const runs = definitions.map((definition) =>
    limit(async () => {
      const result = await runOne(search, definition, options, coverage);
      done += 1;
      onDone?.(done);
      return result;
    }),
  );
  const results = await Promise.all(runs);
  const worked = definitions.filter((_, at) => results[at]?.status !== 'error');
  const [only] = results;
  const hidden = results.length === 1 && only ? only.hidden : await countHidden(search, worked, options);
  return { window, coverage, results, hidden };
}

async function runOne(
  search: Search,
  definition: Definition,
  scope: Scope,
  coverage: Coverage,
): Promise<InvestigationResult> {
  try {
    const result = await investigate(search, definition, scope, coverage);
    return { ...result, hidden: await countHidden(search, [definition], scope) };
  } catch (error) {
    // Without a server there is nothing to go on with.
    if (error instanceof KauditError && error.code !== 'server-refused') throw error;
    return { ...nothingOf(definition), status: 'error', reason: messageOf(error) };
  }
}

function nothingOf({ id, title, severity }: Definition): Omit<InvestigationResult, 'status'> {
  return { id, title, severity, matches: 0, groups: [], moreGroups: 0, hidden: {}, tookMs: 0 };
}

/** The answer of one investigation, but for what noise sets hide. Throws where the server refuses. */
export async function investigate(
  search: Search,
  definition: Definition,
  scope: Scope,
  coverage: Coverage,
): Promise<InvestigationResult> {
  const observability = await observe(search, definition, scope, coverage);
  const found = await runKind(search, definition, scope);
  const { groups, more } = listed(definition, found.groups);
  const units = unitsOf(definition.group.show);
  const reasons = [
    ...(observability.kind === 'observable' ? [] : [observability.reason]),
    ...(found.cut === undefined ? [] : [tooMany(found.cut)]),
  ];
  return {
    ...nothingOf(definition),
    status: statusOf(found, observability),
    matches: found.requests,
    groups,
    moreGroups: more,
    ...(Object.keys(units).length > 0 && { units }),
    ...(found.cut !== undefined && { incomplete: true as const }),
    ...(reasons.length > 0 && { reason: reasons.join('; ') }),
    tookMs: found.tookMs,
  };
}

function tooMany(what: string): string {
  return `only the first ${MOST_BUCKETS.toLocaleString('en')} ${what} were looked at: narrow the window with --from and --to`;
}

/** What was found stands, whatever could not be seen; nothing found is an answer only where all could be and was. */
function statusOf({ groups, cut }: Groups, { kind }: Observability): ResultStatus {
  if (groups.length > 0) return 'findings';
  if (cut !== undefined) return 'error';
  return kind === 'not-observable' ? 'not-observable' : 'none';
}

function runKind(search: Search, definition: Definition, scope: Scope): Promise<Groups> {
  switch (definition.kind) {
    case 'events':
      return runEvents(search, definition, scope);
    case 'threshold':
      return runThreshold(search, definition, scope);
  }
}
