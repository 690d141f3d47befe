import {
  type Definition,
  type InvestigationResult,
  MOST_BUCKETS,
  type RunResult,
  runInvestigations,
  SEVERITIES,
  type Severity,
} from '../query/index.ts';
import { type Format, renderRun } from '../report/index.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import type { Context, GlobalFlags } from './context.ts';
import { requireWhole } from './option-values.ts';
import { choose, openLibrary, stringsOf } from './query-library.ts';
import { commandsFor } from './query-next.ts';
import { type ScopeFlags, scopeOf } from './query-scope.ts';

export interface RunFlags extends GlobalFlags, ScopeFlags {
  readonly ids?: readonly string[];
  readonly queries?: readonly string[];
  readonly all?: boolean;
  readonly category?: string;
  readonly pack?: string;
  readonly format: Format;
  readonly json?: boolean;
  readonly limit?: number;
  readonly failOn?: Severity;
}

export async function runQueries(context: Context, flags: RunFlags): Promise<number> {
  const { io } = context;
  const ids = stringsOf(flags.ids);
  const selection = { ...flags, ids };
  const library = openLibrary(io, { ...flags }, selection);
  const chosen = choose(library, selection);
  if (chosen.length === 0) {
    throw new KauditError('usage', 'Say what to run: ids, files, --pack NAME, --category NAME or --all.', {
      hint: 'kaudit query list shows what there is, kaudit query packs what belongs together.',
    });
  }
  const definitions = chosen.map(({ definition }) => limited(definition, flags.limit));
  for (const { id, scenarios } of definitions)
    if (scenarios.length === 0) io.say(`${id} has no scenarios: whether it finds what it asks for is not tested.`);
  const scope = scopeOf(flags, library, definitions);
  const { ask } = await context.cluster();
  const onDone = (done: number): void => io.progress(`${done} of ${definitions.length} investigations`);
  const run = await runInvestigations({ ...scope, ask, definitions, onDone });
  io.progress('');
  const format = flags.json ? 'json' : flags.format;
  await io.out(
    renderRun(run, format, { ...io, verbose: flags.verbose === true, commandsFor: commandsFor(flags, chosen) }),
  );
  const cut = run.results.filter(({ moreGroups }) => moreGroups > 0).map(({ id }) => id);
  if (format === 'csv' && cut.length > 0) io.say(`There are more groups of ${cut.join(', ')}: --limit lists them.`);
  const doubt = flags.failOn === undefined ? undefined : doubtOf(run, flags.failOn);
  if (doubt !== undefined) io.say(`kaudit: ${doubt}`);
  return runExitCode(run, flags.failOn);
}

function limited<T extends Definition>(definition: T, limit: number | undefined): T {
  if (limit === undefined) return definition;
  return { ...definition, group: { ...definition.group, limit: requireWhole('--limit', limit, 1, MOST_BUCKETS) } };
}

/** The exit code of a run; with a bound, silence counts only where the run could have found something. */
export function runExitCode(run: RunResult, failOn?: Severity): number {
  const { results } = run;
  if (failOn !== undefined) {
    if (results.some((result) => result.status === 'findings' && isAtLeast(result, failOn))) return EXIT.findings;
    if (doubtOf(run, failOn) !== undefined) return EXIT.partial;
  }
  return results.some(({ status, incomplete }) => status === 'error' || incomplete) ? EXIT.partial : EXIT.done;
}

/** Why silence means nothing; undefined where it does mean something. */
function doubtOf({ coverage, results }: RunResult, bound: Severity): string | undefined {
  if (coverage.events === 0) return 'There are no events to look at: --fail-on cannot tell.';
  const unanswered = results.filter(
    (result) => isAtLeast(result, bound) && (result.status === 'not-observable' || result.status === 'error'),
  );
  if (unanswered.length === 0) return undefined;
  return `--fail-on ${bound} cannot tell for ${unanswered.map(({ id }) => id).join(', ')}: not observable, or failed.`;
}

function isAtLeast({ severity }: InvestigationResult, bound: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(bound);
}
