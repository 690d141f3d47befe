import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { investigation, request, resultOf } from '../support/investigating.ts';

const namespace = freshNamespace();
let cluster: Cluster;

beforeAll(async () => {
  cluster = await testCluster();
  const times = (count: number, username: string, verb: string) =>
    Array.from({ length: count }, (_, at) => request('main', at, username, { verb }));
  await loadLines(cluster, {
    namespace,
    lines: [
      ...times(6, 'alice', 'get'),
      ...times(3, 'bob', 'get'),
      ...times(2, 'bob', 'list'),
      ...times(3, 'carol', 'watch'),
      ...times(1, 'alice', 'delete'),
      ...times(5, 'system:node:n1', 'list'),
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

const rare = (own: object = {}, common: object = {}) =>
  investigation({
    kind: 'rare',
    group: { by: ['verb', 'kaudit.actor.name'], show: { first: { min: '@timestamp' } }, limit: 20 },
    rare: { fields: ['verb'], atMost: 3, among: 10, ...own },
    ...common,
  });

async function verbs(...of: Parameters<typeof rare>): Promise<readonly unknown[]> {
  const { groups } = await resultOf(cluster, namespace, rare(...of));
  return groups.map(({ by }) => by['verb']);
}

describe('rare', () => {
  it('reports values of few requests, with the measures of those who made them', async () => {
    expect(await resultOf(cluster, namespace, rare())).toMatchObject({
      status: 'findings',
      matches: 4,
      groups: [
        {
          by: { verb: 'watch', 'kaudit.actor.name': 'carol' },
          requests: 3,
          show: { first: '2026-03-02T00:00:00.000Z' },
        },
        { by: { verb: 'delete', 'kaudit.actor.name': 'alice' }, requests: 1 },
      ],
    });
  });

  it('counts distinct values where it is told to', async () => {
    expect(await verbs({ atMost: 1, distinct: 'kaudit.actor.name' })).toEqual(['watch', 'delete']);
  });

  it('judges combinations', async () => {
    expect(await verbs({ fields: ['verb', 'kaudit.actor.name'], atMost: 2 })).toEqual(['list', 'delete']);
  });

  it('does not take for rare what noise does often', async () => {
    expect(await verbs({}, { noise: ['nodes'] })).toEqual(['watch', 'delete']);
  });

  it('says nothing of too few requests', async () => {
    expect(await resultOf(cluster, namespace, rare({ among: 21 }))).toMatchObject({
      status: 'not-observable',
      matches: 0,
      reason: '20 requests match: among fewer than 21, nothing is called rare',
    });
  });
});
