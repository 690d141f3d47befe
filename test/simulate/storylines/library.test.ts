/** Storylines and the library agree: what a storyline says must fire does, nothing else does that is urgent, and a quiet week is quiet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../../src/commands/load-lines.ts';
import { type Cluster, readTemplate } from '../../../src/elastic/index.ts';
import {
  fieldTypes,
  type InvestigationResult,
  readLibrary,
  runInvestigations,
  SHIPPED,
} from '../../../src/query/index.ts';
import { firedAt, type LevelChoice, STORYLINES, type StorylineTruth } from '../../../src/simulate/index.ts';
import { freshNamespace, removeNamespace, testCluster } from '../../support/cluster.ts';
import { run } from '../simulated.ts';

/** What a quiet week shows all the same at severity medium, and why that is right. */
const QUIET: Readonly<Record<string, string>> = {
  'secrets-read':
    'The pipeline reads the releases of Helm, and cert-manager its certificates: nobody said yet that they may',
};

const { investigations, noise } = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const DEFINITIONS = investigations.map(({ definition }) => definition);
const URGENT = new Set(
  DEFINITIONS.filter(({ severity }) => severity === 'high' || severity === 'critical').map(({ id }) => id),
);

/** Its own cluster for each storyline and level: a working day, with as many events as the storyline needs around it. */
const LEVELS: readonly LevelChoice[] = ['metadata', 'mixed', 'request'];
const DAY = { start: Date.UTC(2026, 2, 2, 8), hours: 8 };
const CASES = LEVELS.flatMap((level) =>
  STORYLINES.map((story) => {
    const { lines, truth } = run({
      ...DAY,
      level,
      attacks: [story.name],
      events: Math.max(400, story.steps.length * 10),
    });
    return { level, lines, truth: truth.storylines[0] as StorylineTruth, cluster: `${story.name} at ${level}` };
  }),
);
const WEEK = run({ events: 5000, hours: 7 * 24, level: 'request' });

const namespace = freshNamespace();
let cluster: Cluster;
beforeAll(async () => {
  cluster = await testCluster();
  const logs = [...CASES, { cluster: 'quiet', lines: WEEK.lines }];
  const lines = logs.flatMap((log) => log.lines.map((line) => ({ cluster: log.cluster, line })));
  await loadLines(cluster, { namespace, lines });
});
afterAll(() => removeNamespace(cluster, namespace));

async function findings(
  name: string,
  ids: ReadonlySet<string>,
  from?: string,
): Promise<readonly InvestigationResult[]> {
  const definitions = DEFINITIONS.filter(({ id }) => ids.has(id));
  // What is new needs a history: the window begins with the storyline.
  const window = from === undefined ? {} : { from };
  const scope = { window, cluster: name, parameters: {}, noise, useNoise: true };
  const { results } = await runInvestigations({ ...scope, ask: cluster.ask, namespace, definitions });
  expect(results.filter(({ status }) => status === 'error')).toEqual([]);
  return results.filter(({ status }) => status === 'findings');
}

describe('the library', () => {
  it('has every investigation that a storyline must set off', () => {
    const known = new Set(DEFINITIONS.map(({ id }) => id));
    const asked = new Set(STORYLINES.flatMap((story) => firedAt('requestresponse', story)));
    expect([...asked].filter((id) => !known.has(id))).toEqual([]);
  });

  it.each(STORYLINES)('sees $name at every level that shows it, and nothing else that is urgent', async ({ name }) => {
    for (const { level, cluster: where, truth } of CASES.filter(({ truth: { name: told } }) => told === name)) {
      // Each event of the mixed log is as in one of the other two, and so is what it shows.
      const others = level === 'mixed' ? [] : URGENT;
      const fired = await findings(where, new Set([...others, ...truth.mustFire]), truth.from);
      expect([level, ...fired.map(({ id }) => id).sort()]).toEqual([level, ...[...truth.mustFire].sort()]);
    }
  });

  it('finds a quiet week quiet: nothing urgent, and a reason for each of the few that are of medium severity', async () => {
    const fired = await findings('quiet', new Set(DEFINITIONS.map(({ id }) => id)));
    expect(fired.filter(({ id }) => URGENT.has(id)).map(({ id }) => id)).toEqual([]);
    const medium = fired.filter(({ severity }) => severity === 'medium').map(({ id }) => id);
    expect(medium.sort()).toEqual(Object.keys(QUIET).sort());
    expect(medium.length).toBeLessThan(10);
  });
});
