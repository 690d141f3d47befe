import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsAlias } from '../../src/audit/indices.ts';
import { loadLines } from '../../src/commands/load-lines.ts';
import { runScenarios } from '../../src/commands/query-test.ts';
import { type Cluster, readTemplate } from '../../src/elastic/index.ts';
import { readCoverage, readCoverages } from '../../src/query/coverage.ts';
import {
  type Coverage,
  fieldTypes,
  type InvestigationResult,
  type RunOptions,
  readLibrary,
  runCases,
  runInvestigations,
  type ScenarioCase,
  SHIPPED,
  scenarioCases,
} from '../../src/query/index.ts';
import { searcher } from '../../src/query/search.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const library = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const definition = (id: string) => {
  const found = library.investigations.find((investigation) => investigation.definition.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found.definition;
};

const namespace = freshNamespace();
let cluster: Cluster;

/** Reads of secrets by some people, one of them by a kubelet, at ten past each hour; and one delete. */
const EVENTS = [
  ...['alice', 'alice', 'bob', 'system:node:n1'].map((username, hour) => ({
    user: { username, ...(username.startsWith('system:node:') && { groups: ['system:nodes'] }) },
    time: `2026-03-02T0${hour}:10:00.000000Z`,
  })),
  { user: { username: 'carol' }, time: '2026-03-02T05:00:00Z', verb: 'delete' },
];

beforeAll(async () => {
  cluster = await testCluster();
  const lines = EVENTS.map(({ time, ...changes }, index) => {
    const event = rawEvent({ ...changes, auditID: `${index}`, requestReceivedTimestamp: time, stageTimestamp: time });
    return { cluster: index === 2 ? 'other' : 'main', line: JSON.stringify(event) };
  });
  await loadLines(cluster, { namespace, lines });
});
afterAll(() => removeNamespace(cluster, namespace));

/** Variants are counted in an index of their own, which is not asked for each cluster. */
const withoutVariants = (coverage: Coverage): Coverage => ({ ...coverage, variants: 0 });

async function read(options: Partial<RunOptions> = {}): Promise<InvestigationResult> {
  const all = {
    window: {},
    parameters: {},
    noise: library.noise,
    useNoise: true,
    ask: cluster.ask,
    namespace,
  };
  const { results } = await runInvestigations({ ...all, definitions: [definition('secrets-read')], ...options });
  const [result] = results;
  if (result === undefined) throw new Error('one result for each definition');
  return result;
}

describe('every scenario of every investigation', () => {
  it('runs through the real loader and server', async () => {
    const definitions = library.investigations.map((investigation) => investigation.definition);
    const verdicts = await runScenarios(cluster, definitions, library.noise);
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(verdicts.length).toBe(definitions.reduce((sum, { scenarios }) => sum + scenarios.length, 0));
  }, 300_000);
});

describe('a scenario', () => {
  const [some] = scenarioCases([definition('secrets-read')]);
  if (some === undefined) throw new Error('no scenario');
  const run = (...cases: readonly ScenarioCase[]) =>
    runCases({ ask: cluster.ask, namespace, noise: library.noise }, cases);
  const expecting = (name: string, expected: ScenarioCase['scenario']['expect']): ScenarioCase => ({
    ...some,
    cluster: name,
    scenario: { ...some.scenario, expect: expected },
  });

  it('sees the events of its own cluster, and that there are none', async () => {
    const verdicts = await run(
      expecting('main', { requests: 2, groups: 1, status: 'findings' }),
      expecting('other', { requests: 1, status: 'findings' }),
      expecting('nowhere', { requests: 0, status: 'not-observable' }),
    );
    expect(verdicts.flatMap(({ differences }) => differences)).toEqual([]);
  });

  it('that the server refuses has failed, and the others go on', async () => {
    const good = expecting('other', { requests: 1 });
    const broken = { ...good, definition: { ...good.definition, match: 'responseStatus.code: 40*' } };
    const verdicts = await run(broken, good);
    expect(verdicts.map(({ passed }) => passed)).toEqual([false, true]);
    expect(verdicts[0]?.differences[0]).toContain('it failed: Elasticsearch refuses');
  });
});

describe('what the data of each cluster can show', () => {
  it('is the same as for one cluster alone', async () => {
    const search = searcher(cluster.ask, eventsAlias(namespace));
    const all = await readCoverages(search, {});
    expect([...all.keys()].sort()).toEqual(['main', 'other']);
    for (const [name, coverage] of all) {
      expect(coverage).toEqual(await readCoverage(search, search, { window: {}, cluster: name }).then(withoutVariants));
    }
  });
});

describe('a run', () => {
  it('tells how far it is', async () => {
    const told: number[] = [];
    await read({ definitions: [definition('secrets-read'), definition('impersonation')], onDone: (n) => told.push(n) });
    expect(told).toEqual([1, 2]);
  });

  it('counts, groups and measures', async () => {
    expect(await read()).toMatchObject({
      status: 'findings',
      matches: 3,
      hidden: { nodes: 1 },
      groups: [
        {
          by: { 'kaudit.actor.name': 'alice' },
          requests: 2,
          show: { first: '2026-03-02T00:10:00.000Z', last: '2026-03-02T01:10:00.000Z' },
        },
        { by: { 'kaudit.actor.name': 'bob' }, requests: 1 },
      ],
    });
  });

  it('shows what noise hides when it is asked to', async () => {
    expect(await read({ useNoise: false })).toMatchObject({ matches: 4, hidden: {} });
  });

  it('looks at a window whose end is not included', async () => {
    const window = { from: '2026-03-02T01:10:00.000Z', to: '2026-03-02T02:10:00.000Z' };
    expect(await read({ window })).toMatchObject({ matches: 1 });
  });

  it('looks at one cluster', async () => {
    expect(await read({ cluster: 'other' })).toMatchObject({
      matches: 1,
      groups: [{ by: { 'kaudit.actor.name': 'bob' } }],
    });
  });

  it('asks for what a question is about before it looks at anything', async () => {
    const asked = { definitions: [definition('request-trace')] };
    expect(await read(asked)).toMatchObject({
      status: 'not-observable',
      groups: [],
      reason: 'it is about one thing: name it with --param requests=...',
    });
    expect(await read({ ...asked, parameters: { requests: ['2'] } })).toMatchObject({ status: 'findings', matches: 1 });
  });

  it('takes parameters as filters, never as text of the query', async () => {
    expect(await read({ parameters: { exceptUsers: ['alice'] } })).toMatchObject({ matches: 1 });
    expect(await read({ parameters: { exceptUsers: ['alice" or verb: "delete'] } })).toMatchObject({ matches: 3 });
    expect(await read({ parameters: { secrets: ['none'] } })).toMatchObject({ status: 'none', matches: 0 });
  });

  it('lists as many groups as the definition says, and counts the others', async () => {
    const whole = definition('secrets-read');
    const few = { ...whole, group: { ...whole.group, limit: 1 } } as typeof whole;
    expect(await read({ definitions: [few] })).toMatchObject({ matches: 3, moreGroups: 1, groups: [{ requests: 2 }] });
  });

  it('tells what the data can show', async () => {
    const { coverage } = await runInvestigations({
      ...{
        window: {},
        parameters: {},
        noise: library.noise,
        useNoise: true,
        ask: cluster.ask,
        namespace,
      },
      definitions: [],
    });
    expect(coverage).toEqual({
      events: 5,
      requests: 5,
      levels: { Metadata: 5 },
      stages: { ResponseComplete: 5 },
      clusters: { main: 4, other: 1 },
      olderFacts: 0,
      variants: 0,
      first: '2026-03-02T00:10:00.000Z',
      last: '2026-03-02T05:00:00.000Z',
    });
  });

  it('is not observable where there is no data, rather than silent', async () => {
    expect(await read({ namespace: 'nobody' })).toMatchObject({
      status: 'not-observable',
      reason: 'there are no events in this window',
    });
    expect(await read({ definitions: [definition('authentication-failures')] })).toMatchObject({
      status: 'not-observable',
    });
  });

  it('goes on when one investigation fails', async () => {
    const broken = { ...definition('secrets-read'), match: 'responseStatus.code: 40*' };
    const { results } = await runInvestigations({
      ...{
        window: {},
        parameters: {},
        noise: library.noise,
        useNoise: true,
        ask: cluster.ask,
        namespace,
      },
      definitions: [broken, definition('secrets-deleted')],
    });
    expect(results.map(({ status }) => status)).toEqual(['error', 'findings']);
  });
});
