import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { type Bounds, type Gap, gapsIn, type Piece } from '../../src/query/kinds/gap.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { investigation, minute, request, resultOf } from '../support/investigating.ts';

/** Slots as long as the silence that counts, as the server makes them. */
function piecesOf(times: readonly number[], length: number): readonly Piece[] {
  const starts = [...new Set(times.map((time) => Math.floor(time / length)))];
  return starts.map((start) => {
    const slot = times.filter((time) => Math.floor(time / length) === start);
    return { first: Math.min(...slot), last: Math.max(...slot), count: slot.length };
  });
}

/** The same request by request. */
function naive(times: readonly number[], { longerThan, usually, end }: Bounds): readonly Gap[] {
  const gaps: Gap[] = [];
  let run: number[] = [];
  for (const [at, time] of times.entries()) {
    run.push(time);
    const next = times[at + 1];
    if ((next ?? end) - time <= longerThan) continue;
    const active = time - (run[0] ?? time);
    if (active >= longerThan && active / (run.length - 1) <= usually)
      gaps.push({ from: time, length: (next ?? end) - time, ...(next !== undefined && { to: next }) });
    run = [];
  }
  return gaps;
}

describe('gapsIn', () => {
  it('finds the silences that reading request by request finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(300), { minLength: 1 }),
        fc.record({ longerThan: fc.integer({ min: 2, max: 60 }), usually: fc.integer({ min: 1, max: 60 }) }),
        fc.nat(100),
        (unsorted, bounds, after) => {
          const times = [...unsorted].sort((a, b) => a - b);
          const all = { ...bounds, end: Math.max(...times) + after };
          expect(gapsIn(piecesOf(times, bounds.longerThan), all)).toEqual(naive(times, all));
        },
      ),
    );
  });
});

const namespace = freshNamespace();
let cluster: Cluster;

const steady = (name: string, username: string, from: number, count: number) =>
  Array.from({ length: count }, (_, at) => request(name, from + at, username));

beforeAll(async () => {
  cluster = await testCluster();
  await loadLines(cluster, {
    namespace,
    lines: [
      ...steady('one', 'clock', 0, 120),
      ...steady('one', 'pauses', 0, 30),
      ...steady('one', 'pauses', 50, 70),
      ...steady('one', 'stops', 0, 60),
      ...steady('one', 'works', 0, 5),
      ...steady('two', 'clock', 0, 40),
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

const gap = (own: object = {}, common: object = {}) =>
  investigation({
    kind: 'gap',
    group: { by: ['kaudit.actor.name', 'kaudit.cluster'], show: { last: { max: '@timestamp' } }, limit: 20 },
    gap: { longerThan: '15m', usually: '2m', ...own },
    ...common,
  });

describe('gap', () => {
  it('reports who pauses and who stops while the log of the cluster goes on', async () => {
    const result = await resultOf(cluster, namespace, gap());
    expect(result).toMatchObject({ status: 'findings', matches: 160 });
    expect(result.groups).toMatchObject([
      {
        by: { 'kaudit.actor.name': 'pauses', 'kaudit.cluster': 'one' },
        show: { silences: 1, silentFor: '21m', silentFrom: minute(29), silentTo: minute(50) },
      },
      {
        by: { 'kaudit.actor.name': 'stops', 'kaudit.cluster': 'one' },
        show: { silentFor: '1h', silentFrom: minute(59), silentTo: null, last: minute(59) },
      },
    ]);
  });

  it('is silent about shorter pauses', async () => {
    expect(
      await resultOf(cluster, namespace, gap({ longerThan: '21m' }), { window: { to: minute(60) } }),
    ).toMatchObject({
      status: 'none',
    });
  });

  it('says where a log ends before the window does, since nobody is known to be silent after that', async () => {
    const result = await resultOf(cluster, namespace, gap({}, { match: 'user.username: clock' }), {
      window: { to: minute(125) },
    });
    expect(result).toMatchObject({
      status: 'none',
      reason: expect.stringContaining(`the log of "two" ends at ${minute(39)}`),
    });
    expect(result.reason).not.toContain('"one"');
  });

  it('does not know where nobody makes such requests', async () => {
    expect(await resultOf(cluster, namespace, gap({}, { match: 'verb: patch' }))).toMatchObject({
      status: 'not-observable',
    });
  });
});
