/** Several clusters in one namespace: service accounts have the same names in all of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { together } from '../../src/query/clusters.ts';
import type { InvestigationResult } from '../../src/query/types.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { investigation, type Line, resultOf } from '../support/investigating.ts';

const namespace = freshNamespace();
let cluster: Cluster;
let ids = 0;

function read(name: string, time: string, changes: object = {}): Line {
  ids += 1;
  const times = { requestReceivedTimestamp: time, stageTimestamp: time };
  return { cluster: name, line: JSON.stringify(rawEvent({ auditID: `${ids}`, ...times, ...changes })) };
}

const onDay = (day: number, minute = 0): string => new Date(Date.UTC(2026, 2, day, 9, minute)).toISOString();
const bodies = { verb: 'create', objectRef: { resource: 'pods', namespace: 'prod', name: 'x' } };

beforeAll(async () => {
  cluster = await testCluster();
  await loadLines(cluster, {
    namespace,
    lines: [
      // In dev it is usual; prod was there before and never saw it.
      ...[1, 2, 3, 10].map((day) => read('dev', onDay(day), { verb: 'get' })),
      ...[1, 2, 3].map((day) => read('prod', onDay(day), { verb: 'list' })),
      read('prod', onDay(10), { verb: 'get' }),
      // Three in a minute in each; create in one and delete in the other.
      ...[0, 1, 2].flatMap((minute) => ['dev', 'prod'].map((name) => read(name, onDay(5, minute), { verb: 'patch' }))),
      read('dev', onDay(6), { verb: 'create' }),
      read('prod', onDay(6, 1), { verb: 'delete' }),
      read('prod', onDay(7), { ...bodies, level: 'Request', requestObject: { kind: 'Pod', spec: {} } }),
      read('dev', onDay(7), { ...bodies, level: 'Metadata' }),
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

type Own = Parameters<typeof investigation>[0];

const ask = (own: Own): Promise<InvestigationResult> =>
  resultOf(cluster, namespace, investigation(own), { window: { from: onDay(4) }, useNoise: false });

describe('a run over several clusters', () => {
  it('knows what is new in one cluster and usual in another', async () => {
    const result = await ask({
      kind: 'new-terms',
      match: 'verb: get',
      newTerms: { fields: ['kaudit.actor.name', 'verb'], history: '7d', newcomers: 'report' },
      group: { by: ['kaudit.actor.name', 'verb'], show: {}, limit: 10 },
    });
    expect(result).toMatchObject({ status: 'findings', groups: [{ by: { 'kaudit.cluster': 'prod' }, requests: 1 }] });
  });

  it('adds up nothing of two clusters', async () => {
    const threshold = (atLeast: number): Own => ({
      kind: 'threshold',
      match: 'verb: patch',
      threshold: { atLeast, within: '10m' },
      group: { by: ['kaudit.actor.name'], show: {}, limit: 10 },
    });
    expect((await ask(threshold(4))).groups).toEqual([]);
    const { matches, groups } = await ask(threshold(3));
    expect([matches, groups.map(({ by }) => by['kaudit.cluster']).sort()]).toEqual([6, ['dev', 'prod']]);
  });

  it('sees no sequence across clusters', async () => {
    const result = await ask({
      kind: 'sequence',
      match: '*',
      sequence: {
        by: ['kaudit.actor.name'],
        within: '1h',
        steps: [
          { name: 'made', match: 'verb: create', count: 1, show: 'kaudit.object' },
          { name: 'gone', match: 'verb: delete', count: 1, show: 'kaudit.object' },
        ],
      },
      group: { by: ['kaudit.actor.name'], show: {}, limit: 10 },
    });
    expect(result).toMatchObject({ status: 'none', groups: [] });
  });

  it('finds nothing only where each of them could show it, and names those that cannot', async () => {
    const result = await ask({
      kind: 'events',
      match: 'kaudit.pod.privileged: true',
      requires: { level: 'Request', of: 'objectRef.resource: pods' },
      group: { by: ['kaudit.actor.name'], show: {}, limit: 10 },
    });
    expect(result.status).toBe('not-observable');
    expect(result.reason).toMatch(/^dev: the only request/);
  });
});

describe('together', () => {
  const base = { id: 'x', title: 'X', severity: 'low', matches: 1, hidden: {}, tookMs: 0 } as const;
  const group = (requests: number) => ({ by: { verb: 'get' }, requests, show: {} });
  const definition = investigation({
    kind: 'events',
    match: '*',
    group: { by: ['verb'], show: {}, limit: 2 },
  });

  it('lists the most of all clusters, and counts the rest', () => {
    const { groups, moreGroups, matches } = together(definition, [
      { cluster: 'a', result: { ...base, status: 'findings', groups: [group(5), group(1)], moreGroups: 3 } },
      { cluster: '', result: { ...base, status: 'findings', groups: [group(7)], moreGroups: 0 } },
    ]);
    expect(groups.map(({ by, requests }) => [by['kaudit.cluster'], requests])).toEqual([
      [null, 7],
      ['a', 5],
    ]);
    expect([moreGroups, matches]).toEqual([4, 2]);
  });

  it('says a reason once where all have it', () => {
    const result = { ...base, status: 'none', groups: [], moreGroups: 0, reason: 'R' } as const;
    expect(
      together(definition, [
        { cluster: 'a', result },
        { cluster: 'b', result },
      ]).reason,
    ).toBe('R');
    const four = ['a', 'b', 'c', 'd'].map((name) => ({ cluster: name, result }));
    const { reason } = together(definition, [...four, { cluster: 'e', result: { ...result, reason: 'S' } }]);
    expect(reason).toBe('a, b, c and 1 more: R; e: S');
  });
});
