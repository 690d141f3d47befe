/** What a run says of the reach of its answers: what it could not see, did not list, hid, or left out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsIndex } from '../../src/audit/indices.ts';
import { type Cluster, readTemplate } from '../../src/elastic/index.ts';
import {
  type Definition,
  fieldTypes,
  type RunResult,
  readLibrary,
  runInvestigations,
  SHIPPED,
} from '../../src/query/index.ts';
import { freshNamespace, loadInto, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const library = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const namespace = freshNamespace();
const folder = mkdtempSync(join(tmpdir(), 'kaudit-reach-'));
let cluster: Cluster;

function definition(id: string): Definition {
  const found = library.investigations.find((one) => one.definition.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found.definition;
}

const second = (at: number): string => new Date(Date.UTC(2026, 2, 2, 9, 0, at)).toISOString();
type Changes = { readonly [key: string]: unknown };
const at = (seconds: number, changes: Changes): Changes => ({
  requestReceivedTimestamp: second(seconds),
  stageTimestamp: second(seconds),
  ...changes,
});
const secret = (name: string): Changes => ({ objectRef: { resource: 'secrets', namespace: 'prod', name } });
const watch = { verb: 'watch', objectRef: { resource: 'secrets', namespace: 'prod' } };
const binding = { resource: 'clusterrolebindings', apiGroup: 'rbac.authorization.k8s.io', name: 'ops' };
const bound = { verb: 'create', level: 'Request', objectRef: binding };

/** More than a server hands over at once; more of them open than are measured together. */
const BEGUN = 10_100;
const OPEN = 1100;

/** Events by the name of the cluster that they are loaded under. */
const LOGS: Readonly<Record<string, readonly Changes[]>> = {
  many: Array.from({ length: 30 }, (_, index) => ({ auditID: `${index}`, ...secret(`s${index}`) })),
  // A client that chose the same id for all its watches; one that ended, two that are open.
  open: [
    at(0, { ...watch, auditID: 'same', stage: 'ResponseStarted' }),
    at(0, { ...watch, auditID: 'same', stageTimestamp: second(5) }),
    at(1, { ...watch, auditID: 'same', stage: 'ResponseStarted' }),
    at(2, { ...watch, auditID: 'x'.repeat(2000), stage: 'ResponseStarted' }),
    at(3, { auditID: 'short', ...secret('s') }),
  ],
  begun: Array.from({ length: BEGUN }, (_, index) => index).flatMap((index) => {
    const one = { ...watch, auditID: `${index}` };
    const begin = at(index, { ...one, stage: 'ResponseStarted' });
    return index < OPEN ? [begin] : [begin, at(index, { ...one, stageTimestamp: second(index + 5) })];
  }),
  hidden: [
    at(0, { auditID: 'read', user: { username: 'system:node:n1', groups: ['system:nodes'] } }),
    at(1, {
      auditID: 'refused',
      user: { username: 'system:node:n1', groups: ['system:nodes'] },
      verb: 'list',
      responseStatus: { code: 403 },
      annotations: {},
    }),
  ],
  cut: [
    { ...bound, auditID: 'cut', annotations: { 'audit.k8s.io/truncated': 'true' } },
    { ...bound, auditID: 'whole', requestObject: { roleRef: { name: 'view' } } },
  ],
  copied: [
    {
      ...bound,
      verb: 'patch',
      objectRef: { ...binding, resource: 'clusterroles' },
      requestObject: [
        { op: 'add', path: '/rules/-', value: { apiGroups: ['*'], resources: ['*'], verbs: ['*'] } },
        { op: 'copy', from: '/rules/0', path: '/rules/1' },
      ],
    },
  ],
  // One whose subjects are cut, and one whose rules are, of which no fact says less by it.
  oversized: [
    {
      ...bound,
      auditID: 'subjects',
      requestObject: {
        roleRef: { name: 'view' },
        subjects: Array.from({ length: 300 }, (_, index) => ({ kind: 'User', name: `u${index}` })),
      },
    },
    {
      ...bound,
      auditID: 'rules',
      objectRef: { ...binding, resource: 'clusterroles' },
      requestObject: {
        rules: [{ apiGroups: ['x'], resources: ['y'], verbs: Array.from({ length: 300 }, (_, index) => `v${index}`) }],
      },
    },
  ],
  variants: [{ userAgent: 'a' }, { userAgent: 'b' }],
};

async function run(name: string, ...ids: readonly string[]): Promise<RunResult> {
  return await runInvestigations({
    ...{ window: {}, parameters: {}, noise: library.noise, useNoise: true, ask: cluster.ask, namespace },
    cluster: name,
    definitions: ids.map(definition),
  });
}

beforeAll(async () => {
  cluster = await testCluster();
  for (const [name, events] of Object.entries(LOGS)) {
    const path = join(folder, `${name}.log`);
    writeFileSync(path, events.map((changes) => `${JSON.stringify(rawEvent(changes))}\n`).join(''));
    const { report } = await loadInto(cluster, namespace, [path], name);
    expect([name, report.read, report.quarantined]).toEqual([name, events.length, 0]);
  }
  const old = { ...rawEvent(), kaudit: { cluster: 'old', terminal: true, version: 1 }, '@timestamp': second(0) };
  await cluster.ask('POST', `/${eventsIndex(namespace, '2026.03')}/_doc?refresh=true`, old);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await removeNamespace(cluster, namespace);
});

describe('a run', () => {
  it('lists some values of a group and says how many there are beyond', async () => {
    const { results } = await run('many', 'secrets-read');
    const [group] = results[0]?.groups ?? [];
    expect(group?.show['secrets']).toHaveLength(20);
    expect(group?.more).toEqual({ secrets: 10 });
  });

  it('counts requests that ended and requests that are open, each once, whatever ids their clients chose', async () => {
    const { results } = await run('open', 'secrets-read');
    const show = { verbs: ['get', 'watch'], first: second(0), last: second(5) };
    expect(results).toMatchObject([{ matches: 4, groups: [{ requests: 4, show }] }]);
  });

  it('finds the few that are open among very many that began', async () => {
    const { results } = await run('begun', 'secrets-read');
    const show = { verbs: ['watch'], first: second(0), last: second(BEGUN - 1 + 5) };
    expect(results).toMatchObject([{ matches: BEGUN, groups: [{ requests: BEGUN, show }] }]);
  });

  it('counts what noise hides once for a set, however many investigations would report it', async () => {
    const { results, hidden } = await run('hidden', 'secrets-read', 'requests-forbidden');
    expect(results.map((result) => result.hidden)).toEqual([{ nodes: 1 }, { nodes: 1 }]);
    expect(hidden).toEqual({ nodes: 2 });
    expect((await run('hidden', 'secrets-read', 'secrets-read')).hidden).toEqual({ nodes: 1 });
  });

  it('does not call it silence where the API server cut the event', async () => {
    const { results } = await run('cut', 'cluster-admin-bound');
    expect(results).toMatchObject([
      { status: 'none', reason: expect.stringContaining('1 of 2 requests that could show it are without a body') },
    ]);
  });

  it('reports what a patch shows, and that it does not show all', async () => {
    const { results } = await run('copied', 'dangerous-role-written');
    expect(results).toMatchObject([
      { status: 'findings', matches: 1, reason: expect.stringContaining('RequestResponse shows it') },
    ]);
  });

  it('does not call it silence where a fact that it asks for holds only the first values', async () => {
    const { results } = await run('oversized', 'binding-to-anonymous', 'cluster-admin-bound', 'role-everything');
    expect(results).toMatchObject([
      { status: 'not-observable', reason: expect.stringContaining('is of more values than are kept') },
      { status: 'none' },
      { status: 'none' },
    ]);
    expect(results.slice(1).filter((result) => 'reason' in result && result.reason !== undefined)).toEqual([]);
  });

  it('says how many variants are in no answer', async () => {
    expect((await run('variants')).coverage).toMatchObject({ events: 1, variants: 1, olderFacts: 0 });
    expect((await run('many')).coverage).toMatchObject({ variants: 0 });
  });

  it('says how many events have facts of an older version', async () => {
    expect((await run('old')).coverage).toMatchObject({ events: 1, olderFacts: 1 });
  });
});
