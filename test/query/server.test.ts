/** What only a real server can tell: thresholds over time and over values, what is partly visible, the server's own check. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsIndex } from '../../src/audit/indices.ts';
import { loadLines } from '../../src/commands/load-lines.ts';
import { type Cluster, readTemplate } from '../../src/elastic/index.ts';
import {
  askServer,
  type Definition,
  fieldTypes,
  type InvestigationResult,
  kqlIn,
  readLibrary,
  runInvestigations,
  SHIPPED,
  yamlFiles,
} from '../../src/query/index.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const library = readLibrary([SHIPPED], fields);
const namespace = freshNamespace();
let cluster: Cluster;

function definition(id: string): Definition {
  const found = library.investigations.find((one) => one.definition.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found.definition;
}

/** One deletion, so many seconds after nine. */
function deletion(index: number, second: number, object: string, cluster: string): { cluster: string; line: string } {
  const time = new Date(Date.UTC(2026, 2, 2, 9, 0, second)).toISOString();
  const objectRef = { resource: 'configmaps', namespace: 'prod', name: object, apiVersion: 'v1' };
  const changes = { verb: 'delete', objectRef, requestReceivedTimestamp: time, stageTimestamp: time };
  return { cluster, line: JSON.stringify(rawEvent({ ...changes, auditID: `${cluster}-${index}` })) };
}

function podWrite(auditID: string, level: string): { cluster: string; line: string } {
  const objectRef = { resource: 'pods', namespace: 'prod', name: auditID, apiVersion: 'v1' };
  const requestObject = level === 'Metadata' ? undefined : { spec: { hostPID: true, containers: [{ image: 'a' }] } };
  const changes = { auditID, level, verb: 'create', objectRef, requestObject };
  return { cluster: 'partly', line: JSON.stringify(rawEvent(changes)) };
}

function namespaceUpdate(auditID: string, labels: object): { cluster: string; line: string } {
  const objectRef = { resource: 'namespaces', namespace: 'prod', name: 'prod', apiVersion: 'v1' };
  const changes = { auditID, level: 'Request', verb: 'update', objectRef, requestObject: { metadata: { labels } } };
  return { cluster: 'replaced', line: JSON.stringify(rawEvent(changes)) };
}

beforeAll(async () => {
  cluster = await testCluster();
  const lines = [
    // Five in the last minute of one ten-minute slot and five in the first of the next: fixed slots would see neither.
    ...[560, 570, 580, 590, 599, 600, 610, 620, 630, 640].map((second, at) => deletion(at, second, `c${at}`, 'edge')),
    // Ten of the same object.
    ...Array.from({ length: 10 }, (_, at) => deletion(at, at, 'same', 'same')),
    podWrite('seen', 'Request'),
    podWrite('unseen', 'Metadata'),
    namespaceUpdate('kept', { 'pod-security.kubernetes.io/enforce': 'baseline' }),
    namespaceUpdate('left-out', {}),
  ];
  await loadLines(cluster, { namespace, lines });
});
afterAll(() => removeNamespace(cluster, namespace));

async function run(one: Definition, name: string): Promise<InvestigationResult> {
  const { results } = await runInvestigations({
    window: {},
    parameters: {},
    noise: library.noise,
    useNoise: true,
    ask: cluster.ask,
    namespace,
    cluster: name,
    definitions: [one],
  });
  const [result] = results;
  if (result === undefined) throw new Error('one result for each definition');
  return result;
}

const bulk = definition('bulk-deletion');
if (bulk.kind !== 'threshold') throw new Error('bulk-deletion is a threshold');
const atLeast = (count: number, within: string, distinct?: string): Definition => ({
  ...bulk,
  threshold: { atLeast: count, within, ...(distinct !== undefined && { distinct }) },
});

describe('a threshold', () => {
  it('sees a burst that lies across a boundary of the clock', async () => {
    expect(await run(atLeast(10, '10m'), 'edge')).toMatchObject({
      status: 'findings',
      matches: 10,
      groups: [{ show: { peak: 10, peakFrom: '2026-03-02T09:09:20.000Z' } }],
    });
  });

  it('counts a window without its end', async () => {
    // 560 to 640 is 80 seconds: a window of 80 holds the first nine, one of 81 all ten.
    expect(await run(atLeast(10, '80s'), 'edge')).toMatchObject({ status: 'none', matches: 0 });
    expect(await run(atLeast(10, '81s'), 'edge')).toMatchObject({ status: 'findings' });
  });

  it('counts distinct values where it is told to', async () => {
    expect(await run(atLeast(10, '10m', 'kaudit.object'), 'edge')).toMatchObject({ status: 'findings' });
    expect(await run(atLeast(2, '10m', 'kaudit.object'), 'same')).toMatchObject({ status: 'none' });
    expect(await run(atLeast(10, '10m'), 'same')).toMatchObject({ status: 'findings' });
  });
});

describe('an answer that the data shows in part', () => {
  it('is a finding with the reason why there may be more', async () => {
    expect(await run(definition('privileged-pod-created'), 'partly')).toMatchObject({
      status: 'findings',
      matches: 1,
      reason: expect.stringContaining('1 of 2 requests that could show it are logged below Request'),
    });
  });
});

describe('an update that may have left out what it takes away', () => {
  it('leaves the answer open, whatever is logged', async () => {
    expect(await run(definition('pod-security-label-lowered'), 'replaced')).toMatchObject({
      status: 'none',
      reason:
        '1 of 2 requests that could show it are made with the whole object, and what it leaves out goes unsaid at any level',
    });
  });
});

describe("the server's own check", () => {
  const ask = (query: string): Promise<string | undefined> =>
    askServer(cluster.ask, eventsIndex(namespace, '2026.03'), query);

  it('takes every KQL that is shipped', async () => {
    const all = yamlFiles(SHIPPED).flatMap(({ path }) => kqlIn(path, fields).map(({ query }) => query));
    expect(all.length).toBeGreaterThan(20);
    for (const query of all) expect([query, await ask(query)]).toEqual([query, undefined]);
  });

  it('takes a time that no event falls into', async () => {
    expect(await ask('verb: get and @timestamp > now-1d')).toBeUndefined();
    expect(await ask('@timestamp < "2001-01-01"')).toBeUndefined();
  });

  it.each([
    ['@timestamp > someday', 'the server refuses it'],
    ['responseStatus.code: 40*', 'the server refuses it'],
    ['verb: get or vreb: list', 'part of it matches nothing'],
  ])('says what is wrong with %s', async (query, problem) => {
    expect(await ask(query)).toContain(problem);
  });
});
