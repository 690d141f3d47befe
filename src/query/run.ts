import pLimit from 'p-limit';
import { eventsAlias, variantsIndex } from '../audit/indices.ts';
import { KauditError, messageOf } from '../shared/errors.ts';
import { isObject } from '../shared/json.ts';
import { type ClusterAnswer, together } from './clusters.ts';
import { readCoverage } from './coverage.ts';
import type { Definition } from './definition.ts';
import { type Groups, listed, MOST_BUCKETS } from './groups.ts';
import { runEvents } from './kinds/events.ts';
import { runGap } from './kinds/gap.ts';
import { legendOf } from './kinds/legend.ts';
import { runNewTerms } from './kinds/new-terms.ts';
import { runRare } from './kinds/rare.ts';
import { runSequence } from './kinds/sequence.ts';
import { runSpike } from './kinds/spike.ts';
import { runThreshold } from './kinds/threshold.ts';
import { unitsOf } from './measures.ts';
import { countHidden } from './noise.ts';
import { type Observability, observe } from './observe.ts';
import { missingParameters } from './parameters.ts';
import { readPlaces } from './places.ts';
import { type Looking, longestFirst, type Plan, plansOf } from './plan.ts';
import { type Reader, readerOf } from './scan.ts';
import type { Scope } from './scope.ts';
import { searcher } from './search.ts';
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

interface Ran {
  readonly plan: Plan;
  readonly result: InvestigationResult;
}

/** The data of a run: how to ask for it, and what there is of it in the window. */
export interface Data extends Reader {
  readonly coverage: Coverage;
}

/** Runs investigations over the same data. One that fails has status `error`, and the others go on. */
export async function runInvestigations(options: RunOptions): Promise<RunResult> {
  const { result, tookMs } = await timed(options.ask, (ask) => runAll({ ...options, ask }));
  return { ...result, tookMs };
}

async function runAll(options: RunOptions): Promise<Omit<RunResult, 'tookMs'>> {
  const { ask, namespace, definitions, window, parameters, onDone } = options;
  const target = eventsAlias(namespace);
  const search = searcher(ask, target);
  const coverage = await readCoverage(search, searcher(ask, variantsIndex(namespace)), options);
  const plans = await plansOf(search, definitions, options, coverage);
  const limit = pLimit(AT_ONCE);
  const hiddenFrom = (some: readonly Plan[]) =>
    countHidden(
      search,
      some.flatMap(({ looked }) => looked),
    );
  // Asked beside the runs, as if all of them would work: what the server refuses is rare, and spoils this answer too.
  const hiddenFromAll = plans.length > 1 ? limit(() => hiddenFrom(plans)).catch(() => undefined) : undefined;
  let done = 0;
  const run = async (plan: Plan): Promise<Ran> => {
    const { result, tookMs } = await timed(ask, (timedAsk) => runOne(readerOf(timedAsk, target), plan));
    done += 1;
    onDone?.(done);
    return { plan, result: { ...result, tookMs } };
  };
  const ran = await limit.map(longestFirst(plans), run);
  ran.sort((a, b) => plans.indexOf(a.plan) - plans.indexOf(b.plan));
  const results = ran.map(({ result }) => result);
  const worked = ran.filter(({ result }) => result.status !== 'error').map(({ plan }) => plan);
  const all = worked.length === plans.length ? await hiddenFromAll : undefined;
  const [only] = results;
  const hidden = results.length === 1 && only ? only.hidden : (all ?? (await hiddenFrom(worked)));
  const elsewhere = coverage.events === 0 ? await readPlaces(ask) : undefined;
  return { window, parameters, coverage, results, hidden, ...(elsewhere && { elsewhere }) };
}

/** The server's own milliseconds for everything that is asked. */
async function timed<T>(
  ask: Ask,
  work: (ask: Ask) => Promise<T>,
): Promise<{ readonly result: T; readonly tookMs: number }> {
  let tookMs = 0;
  const result = await work(async (...request) => {
    const answer = await ask(...request);
    tookMs += (isObject(answer) && Number(answer['took'])) || 0;
    return answer;
  });
  return { result, tookMs };
}

async function runOne(reader: Reader, { definition, parts, looked }: Plan): Promise<InvestigationResult> {
  try {
    const answers: ClusterAnswer[] = [];
    for (const { looking, scope, coverage } of parts) {
      const result = await investigate({ ...reader, coverage }, looking);
      answers.push({ cluster: scope.cluster ?? '', result });
    }
    const [first] = answers;
    const result = first && answers.length === 1 ? first.result : together(definition, answers);
    return { ...result, hidden: await countHidden(reader.search, looked) };
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
export async function investigate(data: Data, { definition, scope, note }: Looking): Promise<InvestigationResult> {
  const [unnamed] = missingParameters(definition, scope.parameters);
  if (unnamed !== undefined) {
    const reason = `it is about one thing: name it with --param ${unnamed}=...`;
    return { ...nothingOf(definition), status: 'not-observable', reason };
  }
  const observability = await observe(data.search, definition, scope, data.coverage);
  const found = await runKind(data, definition, scope);
  const { groups, more } = listed(definition, found.groups);
  const units = unitsOf(definition.group.show);
  const legend = legendOf(definition);
  const reasons = [
    ...(note === undefined || found.unseen !== undefined ? [] : [note]),
    ...reasonsOf(found, observability),
  ];
  return {
    ...nothingOf(definition),
    status: statusOf(found, observability),
    matches: found.requests,
    groups,
    moreGroups: more,
    ...(Object.keys(units).length > 0 && { units }),
    ...(groups.length > 0 && legend && { legend }),
    ...(found.cut !== undefined && { incomplete: true as const }),
    ...(reasons.length > 0 && { reason: reasons.join('; ') }),
    ...(found.remedy !== undefined && observability.kind !== 'not-observable' && { remedy: found.remedy }),
  };
}

function reasonsOf({ unseen, notes, cut }: Groups, observability: Observability): readonly string[] {
  // Where there is nothing at all, that nothing can be compared with it goes without saying.
  if (observability.kind === 'not-observable' && unseen !== undefined) return [observability.reason];
  return [
    ...(observability.kind === 'observable' ? [] : [observability.reason]),
    ...(unseen === undefined ? [] : [unseen]),
    ...(notes ?? []),
    ...(cut === undefined ? [] : [tooMany(cut)]),
  ];
}

function tooMany(what: string): string {
  return `only the first ${MOST_BUCKETS.toLocaleString('en')} ${what} were looked at: narrow the window with --from and --to`;
}

/** What was found stands, whatever could not be seen; nothing found is an answer only where all could be and was. */
function statusOf({ groups, cut, unseen }: Groups, { kind }: Observability): ResultStatus {
  if (groups.length > 0) return 'findings';
  if (cut !== undefined) return 'error';
  return kind === 'not-observable' || unseen !== undefined ? 'not-observable' : 'none';
}

function runKind(data: Data, definition: Definition, scope: Scope): Promise<Groups> {
  switch (definition.kind) {
    case 'events':
      return runEvents(data, definition, scope);
    case 'threshold':
      return runThreshold(data, definition, scope);
    case 'new-terms':
      return runNewTerms(data, definition, scope);
    case 'rare':
      return runRare(data, definition, scope);
    case 'sequence':
      return runSequence(data, definition, scope, data.coverage);
    case 'spike':
      return runSpike(data, definition, scope, data.coverage);
    case 'gap':
      return runGap(data, definition, scope);
  }
}
