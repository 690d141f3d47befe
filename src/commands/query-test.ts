import type { Cluster } from '../elastic/index.ts';
import { type Definition, type Library, runCases, type ScenarioVerdict, scenarioCases } from '../query/index.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import type { Context } from './context.ts';
import { loadLines } from './load-lines.ts';
import { choose, openLibrary, stringsOf } from './query-library.ts';
import { removeNamespace, scratchNamespace } from './scratch.ts';

/** Runs the scenarios of definitions: all events through the real loader at once, each scenario under a cluster name of its own. */
export async function runScenarios(
  cluster: Cluster,
  definitions: readonly Definition[],
  noise: Library['noise'],
): Promise<readonly ScenarioVerdict[]> {
  const cases = scenarioCases(definitions);
  const namespace = scratchNamespace();
  try {
    const lines = cases.flatMap(({ cluster: name, lines: texts }) => texts.map((line) => ({ cluster: name, line })));
    await loadLines(cluster, { namespace, lines });
    return await runCases({ ask: cluster.ask, namespace, noise }, cases);
  } finally {
    await removeNamespace(cluster, namespace);
  }
}

export async function testQueries(context: Context, flags: Readonly<Record<string, unknown>>): Promise<number> {
  const { io } = context;
  const ids = stringsOf(flags['ids']);
  const { category, pack } = flags;
  const isChosen = ids.length > 0 || category !== undefined || pack !== undefined;
  const selection = isChosen ? { ids, category, pack } : undefined;
  const library = openLibrary(io, flags, selection);
  const chosen = selection === undefined ? library.investigations : choose(library, selection);
  const definitions = chosen.map(({ definition }) => definition);
  if (definitions.every(({ scenarios }) => scenarios.length === 0)) {
    throw new KauditError('usage', 'There are no scenarios to run.', {
      hint: 'kaudit query new writes some to start from.',
    });
  }
  const verdicts = await runScenarios(await context.cluster(), definitions, library.noise);
  const failed = verdicts.filter(({ passed }) => !passed);
  if (flags['json'])
    await io.out(
      `${JSON.stringify({ passed: verdicts.length - failed.length, failed: failed.length, scenarios: verdicts })}\n`,
    );
  else await io.out(renderVerdicts(verdicts));
  return failed.length === 0 ? EXIT.done : EXIT.failed;
}

function renderVerdicts(verdicts: readonly ScenarioVerdict[]): string {
  const lines: string[] = [];
  let id = '';
  for (const verdict of verdicts) {
    if (verdict.id !== id) lines.push(verdict.id);
    id = verdict.id;
    lines.push(`  ${verdict.passed ? 'ok    ' : 'FAILED'} ${verdict.it}`);
    for (const difference of verdict.differences) lines.push(`           ${difference}`);
  }
  const failed = verdicts.filter(({ passed }) => !passed).length;
  return `${lines.join('\n')}\n\n${verdicts.length - failed} scenarios passed, ${failed} failed\n`;
}
