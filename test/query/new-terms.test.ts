import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { recentWindow } from '../../src/query/kinds/new-terms.ts';
import type { Coverage } from '../../src/query/types.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { investigation, minute, request, resultOf } from '../support/investigating.ts';

const namespace = freshNamespace();
let cluster: Cluster;
const HOUR = 60;

const from = (address: string): object => ({ sourceIPs: [address] });
const MANY = Array.from({ length: 1200 }, (_, at) => `user-${at}`);

beforeAll(async () => {
  cluster = await testCluster();
  await loadLines(cluster, {
    namespace,
    lines: [
      request('home', 0, 'alice', from('198.51.100.1')),
      request('home', 1, 'system:node:n1', from('198.51.100.9')),
      request('home', 2, 'bob', { ...from('198.51.100.2'), verb: 'list' }),
      request('home', 10 * HOUR, 'alice', from('198.51.100.1')),
      request('home', 10 * HOUR, 'alice', from('198.51.100.2')),
      request('home', 10 * HOUR, 'bob', from('198.51.100.2')),
      request('home', 10 * HOUR, 'carol', from('198.51.100.3')),
      request('home', 10 * HOUR, 'carol', from('198.51.100.4')),
      request('home', 10 * HOUR, '', { ...from('198.51.100.5'), user: {} }),
      ...MANY.map((name) => request('many', 0, name)),
      ...[...MANY, 'one-more'].map((name) => request('many', 10 * HOUR, name)),
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

const byAddress = (own: object = {}, common: object = {}) =>
  investigation({
    kind: 'new-terms',
    match: 'verb: get',
    group: { by: ['kaudit.actor.name', 'kaudit.source.ip'], show: {}, limit: 20 },
    newTerms: { fields: ['kaudit.actor.name', 'kaudit.source.ip'], history: '8h', newcomers: 'report', ...own },
    ...common,
  });
const window = { from: minute(8 * HOUR) };
const home = { window, cluster: 'home' };

describe('new-terms', () => {
  it('reports combinations that the history has not, each value of which may be known', async () => {
    const result = await resultOf(cluster, namespace, byAddress(), home);
    expect(result).toMatchObject({ status: 'findings', matches: 5 });
    expect(result.groups.map(({ by }) => Object.values(by))).toEqual(
      expect.arrayContaining([
        ['alice', '198.51.100.2'],
        ['bob', '198.51.100.2'],
        ['carol', '198.51.100.3'],
        ['carol', '198.51.100.4'],
        [null, '198.51.100.5'],
      ]),
    );
    expect(result.reason).toBeUndefined();
  });

  it('takes what matches for the history, or what it is told to', async () => {
    const wider = byAddress({ of: 'verb: get or verb: list' });
    expect(await resultOf(cluster, namespace, wider, home)).toMatchObject({ matches: 4 });
  });

  it('leaves out who is new altogether when it is told to, and says how many', async () => {
    const result = await resultOf(cluster, namespace, byAddress({ newcomers: 'leave-out' }), home);
    expect(result).toMatchObject({
      matches: 2,
      reason: '3 requests are left out of 2 that are new themselves (kaudit.actor.name)',
    });
  });

  it('says how much history there was when it is less than was asked for', async () => {
    const result = await resultOf(cluster, namespace, byAddress({ history: '7d' }), home);
    expect(result).toMatchObject({
      status: 'findings',
      reason: `the history before ${window.from} is 8h instead of 7d`,
    });
  });

  it('claims nothing where nothing is before the window, or not within the history', async () => {
    const early = { cluster: 'home', window: { from: minute(0) } };
    expect(await resultOf(cluster, namespace, byAddress(), early)).toMatchObject({
      status: 'not-observable',
      matches: 0,
    });
    const gone = await resultOf(cluster, namespace, byAddress({ history: '2h' }), home);
    expect(gone).toMatchObject({
      status: 'not-observable',
      reason: expect.stringContaining('no events in the 2h before'),
    });
  });

  it('takes noise for seen: it hides, and makes nothing new', async () => {
    const nodes = byAddress({ fields: ['kaudit.source.ip'] }, { noise: ['nodes'] });
    const result = await resultOf(cluster, namespace, nodes, home);
    expect(result.groups.map(({ by }) => by['kaudit.source.ip'])).not.toContain('198.51.100.9');
  });

  it('compares every value, however many there are', async () => {
    const actors = investigation({
      kind: 'new-terms',
      newTerms: { fields: ['kaudit.actor.name'], history: '1d', newcomers: 'report' },
    });
    expect(await resultOf(cluster, namespace, actors, { window, cluster: 'many' })).toMatchObject({
      matches: 1,
      groups: [{ by: { 'kaudit.actor.name': 'one-more' } }],
    });
  });

  it('is not observable where there is no data', async () => {
    expect(await resultOf(cluster, 'nobody', byAddress())).toMatchObject({
      status: 'not-observable',
      reason: 'there are no events in this window',
    });
  });
});

describe('the window without a begin', () => {
  it('is said', async () => {
    const days = [request('days', 0, 'alice'), request('days', 2 * 24 * HOUR, 'bob')];
    await loadLines(cluster, { namespace, lines: days });
    const bob = await resultOf(cluster, namespace, byAddress({ history: '1d' }), { cluster: 'days' });
    expect(bob).toMatchObject({
      status: 'findings',
      groups: [{ by: { 'kaudit.actor.name': 'bob' } }],
      reason: `new since ${minute(24 * HOUR)}, in the last 24h of the data`,
    });
  });

  it('is the last day of the data', () => {
    const coverage = { last: '2026-03-05T12:00:00.000Z' } as Coverage;
    expect(recentWindow({}, coverage)).toEqual({ from: '2026-03-04T12:00:00.000Z' });
    expect(recentWindow({ from: minute(0) }, coverage)).toEqual({ from: minute(0) });
  });
});
