import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { type Bounds, type Slot, type Spike, spikesIn } from '../../src/query/kinds/spike.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { investigation, minute, request, resultOf } from '../support/investigating.ts';

/** The same, each slot by itself. */
function naive(slots: readonly Slot[], bounds: Bounds): readonly Spike[] {
  const reach = Math.floor(bounds.baseline / bounds.every) * bounds.every;
  return slots.flatMap(({ start, count }) => {
    const before = slots.filter((slot) => slot.start < start && slot.start >= start - reach);
    const length = Math.min(start - bounds.begin, reach);
    const usual = before.reduce((sum, slot) => sum + slot.count, 0) / (length / bounds.every);
    const isSpike = start >= bounds.from && count >= bounds.atLeast && count >= bounds.times * usual;
    return isSpike ? [{ start, count, usual }] : [];
  });
}

describe('spikesIn', () => {
  it('compares each slot with those before it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(60), { maxLength: 40 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
        fc.integer({ min: 4, max: 20 }),
        fc.integer({ min: 2, max: 5 }),
        (places, counts, reach, times) => {
          const slots = places.sort((a, b) => a - b).map((at) => ({ start: at * 10, count: counts.next().value }));
          const bounds = { every: 10, baseline: reach * 10 + 5, times, atLeast: 5, begin: -5, from: 50 };
          expect(spikesIn(slots, bounds)).toEqual(naive(slots, bounds));
        },
      ),
    );
  });
});

const namespace = freshNamespace();
let cluster: Cluster;
const HOUR = 60;

const burst = (name: string, username: string, from: number, count: number, minutes: number, changes: object = {}) =>
  Array.from({ length: count }, (_, at) => request(name, from + (at * minutes) / count, username, changes));

beforeAll(async () => {
  cluster = await testCluster();
  await loadLines(cluster, {
    namespace,
    lines: [
      // Two an hour for a day, then twenty around a full hour: ten in the slot before it and ten in the one after.
      ...burst('main', 'alice', 0, 48, 24 * HOUR),
      ...burst('main', 'alice', 24 * HOUR - 2, 20, 4, { verb: 'delete' }),
      // Always as many.
      ...burst('main', 'bob', 0, 3000, 25 * HOUR),
      // Twenty other secrets, and the one that it used to be.
      ...burst('main', 'carol', 0, 48, 24 * HOUR),
      ...Array.from({ length: 20 }, (_, at) => {
        const objectRef = { resource: 'secrets', namespace: 'prod', name: `s${at}`, apiVersion: 'v1' };
        return request('main', 20 * HOUR + at / 10, 'carol', { objectRef });
      }),
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

const spike = (own: object = {}, common: object = {}) =>
  investigation({
    kind: 'spike',
    group: { by: ['kaudit.actor.name'], show: { verbs: { values: 'verb' } }, limit: 20 },
    spike: { every: '10m', baseline: '12h', times: 5, atLeast: 15, ...own },
    ...common,
  });

describe('spike', () => {
  it('sees a burst that lies across a boundary of the clock, and measures the burst alone', async () => {
    const window = { from: minute(22 * HOUR) };
    expect(await resultOf(cluster, namespace, spike(), { window })).toMatchObject({
      status: 'findings',
      matches: 20,
      groups: [{ by: { 'kaudit.actor.name': 'alice' }, show: { peak: 20, usual: 0.3, verbs: ['delete'] } }],
    });
  });

  it('reaches back before the window for what is usual, and no further than the data', async () => {
    const early = await resultOf(cluster, namespace, spike(), { window: { from: minute(2 * HOUR) } });
    expect(early).toMatchObject({
      status: 'findings',
      reason: expect.stringContaining(`what was before ${minute(3 * HOUR)} is not judged`),
    });
    const late = await resultOf(cluster, namespace, spike(), { window: { from: minute(22 * HOUR) } });
    expect(late.reason).toBeUndefined();
  });

  it('counts distinct values where it is told to', async () => {
    const result = await resultOf(cluster, namespace, spike({ distinct: 'kaudit.object' }));
    expect(result.groups).toMatchObject([{ by: { 'kaudit.actor.name': 'carol' }, show: { peak: 21 } }]);
  });

  it('is not observable where the data are too short to tell what is usual', async () => {
    expect(await resultOf(cluster, namespace, spike({ baseline: '5d' }))).toMatchObject({
      status: 'not-observable',
      reason: expect.stringContaining('too little to tell what is usual in 5d'),
    });
  });
});
