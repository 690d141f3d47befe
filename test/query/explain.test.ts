import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsAlias } from '../../src/audit/indices.ts';
import { loadLines } from '../../src/commands/load-lines.ts';
import { type Cluster, readTemplate } from '../../src/elastic/index.ts';
import {
  type Condition,
  type Explanation,
  explainEvent,
  fieldTypes,
  readLibrary,
  runInvestigations,
  type Scope,
  SHIPPED,
  scenarioCases,
} from '../../src/query/index.ts';
import { isObject } from '../../src/shared/json.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const library = readLibrary([SHIPPED], fields);
const namespace = freshNamespace();
const SCOPE: Scope = { window: {}, parameters: {}, noise: library.noise, useNoise: true };
let cluster: Cluster;

const cases = scenarioCases(
  library.investigations.filter(({ definition }) => definition.kind === 'events').map(({ definition }) => definition),
);
const alone = cases.filter(({ lines }) => lines.length === 1);

function secretsEvent(changes: object): string {
  const objectRef = { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' };
  return JSON.stringify(rawEvent({ auditID: 'one', verb: 'get', objectRef, ...changes }));
}

beforeAll(async () => {
  cluster = await testCluster();
  const kubelet = { username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] };
  await loadLines(cluster, {
    namespace,
    lines: [
      ...alone.flatMap(({ cluster: name, lines }) => lines.map((line) => ({ cluster: name, line }))),
      { cluster: 'list', line: secretsEvent({ verb: 'list' }) },
      { cluster: 'update', line: secretsEvent({ verb: 'update' }) },
      { cluster: 'kubelet', line: secretsEvent({ user: kubelet }) },
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

async function explain(name: string, id: string, scope: Partial<Scope> = {}): Promise<Explanation> {
  const definition = library.investigations.find((one) => one.definition.id === id)?.definition;
  if (definition === undefined) throw new Error(`no ${id}`);
  const answer = await cluster.ask('POST', `/${eventsAlias(namespace)}/_search`, {
    query: { term: { 'kaudit.cluster': name } },
  });
  const hits = isObject(answer) && isObject(answer['hits']) ? answer['hits']['hits'] : [];
  const [hit]: readonly unknown[] = Array.isArray(hits) ? hits : [];
  const event = isObject(hit) ? String(hit['_id']) : '';
  return explainEvent(cluster.ask, eventsAlias(namespace), event, definition, { ...SCOPE, ...scope }, fields);
}

/** Conditions as indented lines. */
function show(conditions: readonly Condition[], depth = 0): readonly string[] {
  return conditions.flatMap(({ says, holds, actual, parts }) => [
    `${'  '.repeat(depth)}${holds ? '+' : '-'} ${says}${actual === undefined ? '' : ` [${actual.join(',')}]`}`,
    ...show(parts, depth + 1),
  ]);
}

describe('explainEvent', () => {
  it('asks each clause, and tells what the event has', async () => {
    const { reported, conditions } = await explain('list', 'secrets-read');
    expect(reported).toBe(true);
    expect(show(conditions)).toEqual([
      '+ stage: ResponseStarted or ResponseComplete [ResponseComplete]',
      '+ match',
      '  + objectRef.resource: secrets [secrets]',
      '  + kaudit.outcome: success [success]',
      '  + one of',
      '    - verb: get [list]',
      '    + verb: list [list]',
      '    - verb: watch [list]',
      '    - verb: deletecollection [list]',
      '    - all of',
      '      - verb: patch [list]',
      '      - kaudit.dry_run: true []',
    ]);
  });

  it('shows which clause fails', async () => {
    const { reported, conditions } = await explain('update', 'secrets-read');
    expect(reported).toBe(false);
    expect(show(conditions).filter((line) => line.trim().startsWith('-'))).toEqual([
      '- match',
      '  - one of',
      '    - verb: get [update]',
      '    - verb: list [update]',
      '    - verb: watch [update]',
      '    - verb: deletecollection [update]',
      '    - all of',
      '      - verb: patch [update]',
      '      - kaudit.dry_run: true []',
    ]);
  });

  it('names the noise set that hides it, and none where none is used', async () => {
    const { reported, conditions, noise } = await explain('kubelet', 'secrets-read');
    expect([reported, conditions.every(({ holds }) => holds)]).toEqual([false, true]);
    expect(show(noise)).toEqual([
      expect.stringMatching(/^- control-plane/),
      expect.stringMatching(/^\+ nodes/),
      expect.stringMatching(/^- secret-controllers/),
    ]);
    expect(await explain('kubelet', 'secrets-read', { useNoise: false })).toMatchObject({ reported: true, noise: [] });
  });

  it('asks the window and the parameters, too', async () => {
    const scope = { window: { to: '2001-01-01T00:00:00.000Z' }, parameters: { exceptUsers: ['alice@example.com'] } };
    const { conditions } = await explain('list', 'secrets-read', scope);
    expect(show(conditions)[0]).toBe('- in the window of all that is before to 2001-01-01T00:00:00.000Z');
    expect(show(conditions).at(-1)).toMatch(/parameter exceptUsers: kaudit.actor.name is none of alice@example.com/);
  });

  it('tells what is logged too sparsely', async () => {
    const blind = alone.find(
      ({ definition, scenario }) =>
        definition.id === 'cluster-admin-bound' && scenario.it.includes('without their bodies'),
    );
    const { visible } = await explain(blind?.cluster ?? '', 'cluster-admin-bound');
    expect(show(visible)).toEqual(
      expect.arrayContaining([
        '+ it is one of the requests that can show the answer',
        '- logged at Request or more [Metadata]',
      ]),
    );
  });

  it('agrees with a run about every scenario of one event', async () => {
    expect(alone.length).toBeGreaterThan(40);
    for (const { cluster: name, definition, scenario } of alone) {
      const parameters = scenario.with ?? {};
      const options = { ...SCOPE, parameters, ask: cluster.ask, namespace, cluster: name, definitions: [definition] };
      const [result] = (await runInvestigations(options)).results;
      const { reported } = await explain(name, definition.id, { parameters });
      expect([name, reported]).toEqual([name, result?.status === 'findings']);
    }
  });
});
