import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { type Found, type Request, sequenceFinder } from '../../src/query/kinds/sequence-finder.ts';
import { readerOf } from '../../src/query/scan.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { investigation, minute, request, resultOf } from '../support/investigating.ts';

interface Small {
  readonly time: number;
  readonly steps: readonly number[];
  readonly undoes: boolean;
  readonly key: string;
}

const requestsOf = (all: readonly Small[]): readonly Request[] =>
  [...all]
    .sort((a, b) => a.time - b.time)
    .map(({ key, ...one }, at) => ({ ...one, id: `${at}`, precise: 0, values: () => [key] }));

const stepsOf = (counts: readonly number[]) =>
  counts.map((count, at) => ({ name: `${at}`, match: '', count, show: '' }));

function findIn(requests: readonly Request[], counts: readonly number[], within: number): readonly Found[] {
  const found: Found[] = [];
  const take = sequenceFinder({ by: ['key'], steps: stepsOf(counts), without: 'x' }, within, (one) => found.push(one));
  for (const one of requests) take(one);
  return found;
}

/** By trying every way: for each request that ends a sequence, when the latest of them began. */
function naive(requests: readonly Request[], counts: readonly number[], within: number): ReadonlyMap<string, number> {
  const places = counts.flatMap((count, step) => Array.from({ length: count }, () => step));
  const starts = (at: number, place: number): readonly number[] => {
    const one = requests[at];
    const [key] = one?.values('key') ?? [];
    if (one === undefined || one.undoes || !one.steps.includes(places[place] ?? -1)) return [];
    if (place === 0) return [one.time];
    const found: number[] = [];
    for (let before = at - 1; before >= 0; before -= 1) {
      const earlier = requests[before];
      if (earlier?.values('key')[0] !== key) continue;
      if (earlier?.undoes) break;
      found.push(...starts(before, place - 1));
    }
    return found;
  };
  const ends = requests.flatMap((one, at): (readonly [string, number])[] => {
    const inTime = starts(at, places.length - 1).filter((start) => one.time - start <= within);
    return inTime.length === 0 ? [] : [[one.id, Math.max(...inTime)]];
  });
  return new Map(ends);
}

const small = fc.record({
  time: fc.nat(60),
  steps: fc.subarray([0, 1, 2]),
  undoes: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  key: fc.constantFrom('a', 'b'),
});
const counts = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 2, maxLength: 3 });

describe('sequenceFinder', () => {
  it('finds every request that ends a sequence, and the latest begin of it', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 14 }), counts, fc.integer({ min: 1, max: 60 }), (all, many, within) => {
        const requests = requestsOf(all);
        const found = findIn(requests, many, within);
        const ends = found.map((one) => [one.at(-1)?.request.id ?? '', one[0]?.request.time ?? 0] as const);
        expect(new Map(ends)).toEqual(naive(requests, many, within));
        expect(ends.length).toBe(new Map(ends).size);
      }),
    );
  });

  it('hands over requests of one key in the order of time, each once, none longer than the span', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 30 }), counts, fc.integer({ min: 1, max: 60 }), (all, many, within) => {
        for (const one of findIn(requestsOf(all), many, within)) {
          expect(one.length).toBe(many.reduce((sum, count) => sum + count, 0));
          expect(new Set(one.map(({ request: { id } }) => id)).size).toBe(one.length);
          expect(new Set(one.map(({ request: { values } }) => values('key')[0])).size).toBe(1);
          expect(one.map(({ request: { id } }) => Number(id))).toEqual(
            one.map(({ request: { id } }) => Number(id)).sort((a, b) => a - b),
          );
          expect((one.at(-1)?.request.time ?? 0) - (one[0]?.request.time ?? 0)).toBeLessThanOrEqual(within);
        }
      }),
    );
  });

  it('joins by fields that differ from step to step, and by each of several values', () => {
    const found: Found[] = [];
    const [first, second] = stepsOf([1, 1]);
    if (first === undefined || second === undefined) throw new Error('two steps');
    const steps = [first, { ...second, by: ['used'] }];
    const take = sequenceFinder({ by: ['issued'], steps }, 10, (one) => found.push(one));
    const base = { precise: 0, undoes: false };
    take({ ...base, id: '1', time: 0, steps: [0], values: (field) => (field === 'issued' ? ['x', 'y'] : []) });
    take({ ...base, id: '2', time: 1, steps: [1], values: (field) => (field === 'used' ? ['y'] : ['z']) });
    take({ ...base, id: '3', time: 2, steps: [1], values: (field) => (field === 'used' ? [] : ['x']) });
    expect(found.map((one) => one.map(({ request: { id } }) => id))).toEqual([['1', '2']]);
  });
});

const namespace = freshNamespace();
let cluster: Cluster;

const at = (stageTimestamp: string, changes: object): object => ({
  ...changes,
  stageTimestamp,
  requestReceivedTimestamp: stageTimestamp,
});

beforeAll(async () => {
  cluster = await testCluster();
  await loadLines(cluster, {
    namespace,
    lines: [
      // Within a millisecond, the microseconds tell; the server leaves out zeros at their end.
      request('micro', 0, 'before', at('2026-03-02T00:00:00.000120Z', { verb: 'create' })),
      request('micro', 0, 'before', at('2026-03-02T00:00:00.000125Z', { verb: 'delete' })),
      request('micro', 0, 'after', at('2026-03-02T00:00:00.000125Z', { verb: 'create' })),
      request('micro', 0, 'after', at('2026-03-02T00:00:00.000120Z', { verb: 'delete' })),
      // More than a page of the scan in between, some of it at the same time.
      request('pages', 0, 'alice', { verb: 'create' }),
      ...Array.from({ length: 11_000 }, (_, index) =>
        request('pages', Math.ceil(index / 4000), 'bob', { verb: 'create' }),
      ),
      request('pages', 5, 'alice', { verb: 'delete' }),
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

const createThenDelete = (own: object = {}, common: object = {}) =>
  investigation({
    kind: 'sequence',
    group: {
      by: ['kaudit.actor.name'],
      show: { first: { min: '@timestamp' }, last: { max: '@timestamp' } },
      limit: 20,
    },
    sequence: {
      by: ['kaudit.actor.name'],
      within: '10m',
      steps: [
        { name: 'made', match: 'verb: create', count: 1, show: 'verb' },
        { name: 'gone', match: 'verb: delete', count: 1, show: 'verb' },
      ],
      ...own,
    },
    ...common,
  });

describe('sequence', () => {
  it('keeps the order of time to the microsecond', async () => {
    const result = await resultOf(cluster, namespace, createThenDelete(), { cluster: 'micro' });
    expect(result).toMatchObject({
      status: 'findings',
      matches: 2,
      groups: [{ by: { 'kaudit.actor.name': 'before' } }],
    });
  });

  it('reads on to the end, and measures the requests of the sequence alone', async () => {
    const result = await resultOf(cluster, namespace, createThenDelete(), { cluster: 'pages' });
    expect(result.groups).toEqual([
      {
        by: { 'kaudit.actor.name': 'alice' },
        requests: 2,
        show: { first: minute(0), last: minute(5), sequences: 1, made: ['create'], gone: ['delete'] },
      },
    ]);
  });

  it('keeps to the span', async () => {
    const short = createThenDelete({ within: '4m' });
    expect(await resultOf(cluster, namespace, short, { cluster: 'pages' })).toMatchObject({
      status: 'none',
      matches: 0,
    });
  });

  it('is not observable where there is no data', async () => {
    expect(await resultOf(cluster, 'nobody', createThenDelete())).toMatchObject({ status: 'not-observable' });
  });
});

describe('a scan', () => {
  it('closes its point in time, and takes no answer that is not whole', async () => {
    const asked: string[] = [];
    const { scan } = readerOf(async (method, path) => {
      asked.push(`${method} ${path.replace(/\?.*/, '')}`);
      if (path.startsWith('/some/_search')) return { hits: { total: { value: 10_000, relation: 'gte' }, hits: [{}] } };
      return path.includes('_pit') ? { id: 'p' } : { timed_out: true, hits: { hits: [] } };
    }, 'some');
    await expect(scan({}, () => undefined)).rejects.toThrow('the server ran out of time');
    expect(asked).toEqual(['POST /some/_search', 'POST /some/_pit', 'POST /_search', 'DELETE /_pit']);
  });

  it('asks once for what fits on a page', async () => {
    const asked: string[] = [];
    const hits = [{ _id: 'a' }, { _id: 'b' }];
    const { scan } = readerOf(async (_, path) => {
      asked.push(path);
      return { hits: { total: { value: 2, relation: 'eq' }, hits } };
    }, 'some');
    const found: unknown[] = [];
    await scan({}, (page) => void found.push(...page));
    expect([asked.length, found]).toEqual([1, hits]);
  });

  it('takes no first page that is not whole', async () => {
    const { scan } = readerOf(
      async () => ({ timed_out: true, hits: { total: { value: 0, relation: 'eq' }, hits: [] } }),
      'some',
    );
    await expect(scan({}, () => undefined)).rejects.toThrow('the server ran out of time');
  });
});
