/** Measures as a real Elasticsearch computes them, against the same computed here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLines } from '../../src/commands/load-lines.ts';
import { type Cluster, readTemplate } from '../../src/elastic/index.ts';
import { type Definition, fieldTypes, readLibrary, runInvestigations, SHIPPED } from '../../src/query/index.ts';
import type { InvestigationResult } from '../../src/query/types.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const library = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const shipped = library.investigations.find(({ definition }) => definition.id === 'secrets-deleted')?.definition;
if (shipped === undefined) throw new Error('no secrets-deleted');

const START = Date.UTC(2026, 2, 2);
const MINUTE = 60_000;

interface Request {
  readonly user: string;
  readonly code: number;
  readonly minute: number;
  readonly tookMs: number;
}

/** Two users over three hours, one request every four minutes, each third of them refused. */
const REQUESTS: readonly Request[] = Array.from({ length: 45 }, (_, at) => ({
  user: at % 5 === 0 ? 'bob' : 'alice',
  code: at % 3 === 0 ? 403 : 200,
  minute: at * 4,
  tookMs: ((at * 37) % 45) + 1,
}));

function lineOf({ user, code, minute, tookMs }: Request, at: number): string {
  const received = START + minute * MINUTE;
  const event = rawEvent({
    auditID: `${at}`,
    user: { username: user, groups: ['dev', 'system:authenticated'] },
    responseStatus: { metadata: {}, code },
    objectRef: { resource: 'secrets', namespace: 'prod', name: `s${at}`, apiVersion: 'v1' },
    requestReceivedTimestamp: new Date(received).toISOString(),
    stageTimestamp: new Date(received + tookMs).toISOString(),
  });
  return JSON.stringify(event);
}

const namespace = freshNamespace();
let cluster: Cluster;

beforeAll(async () => {
  cluster = await testCluster();
  // A watch that two events tell of and that has not ended, and one that has, both under another cluster name.
  const watch = (auditID: string, stage: string, minute: number): string =>
    JSON.stringify(
      rawEvent({
        auditID,
        stage,
        verb: 'watch',
        requestReceivedTimestamp: new Date(START).toISOString(),
        stageTimestamp: new Date(START + minute * MINUTE).toISOString(),
      }),
    );
  const watches = [
    watch('open', 'RequestReceived', 0),
    watch('open', 'ResponseStarted', 1),
    watch('ended', 'ResponseStarted', 2),
    watch('ended', 'ResponseComplete', 3),
  ];
  await loadLines(cluster, {
    namespace,
    lines: [
      ...REQUESTS.map((request, at) => ({ cluster: 'ended', line: lineOf(request, at) })),
      ...watches.map((line) => ({ cluster: 'open', line })),
      { cluster: 'unanswered', line: JSON.stringify(rawEvent({ responseStatus: undefined })) },
    ],
  });
});
afterAll(() => removeNamespace(cluster, namespace));

async function ask(group: Partial<Definition['group']>, options: Partial<Definition> = {}, from = 'ended') {
  const definition = {
    ...shipped,
    match: 'objectRef.resource: secrets',
    noise: [],
    ...options,
    group: { by: ['user.username'], show: {}, limit: 100, ...group },
  } as Definition;
  const { results } = await runInvestigations({
    window: {},
    parameters: {},
    noise: library.noise,
    useNoise: false,
    ask: cluster.ask,
    namespace,
    cluster: from,
    definitions: [definition],
  });
  return results[0] as InvestigationResult;
}

const of = (user: string): readonly Request[] => REQUESTS.filter((request) => request.user === user);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const rounded = (value: number): number => Math.round(value * 100) / 100;

describe('a group', () => {
  it('has sums, averages, counts and shares of its requests', async () => {
    const { groups, units } = await ask({
      show: {
        all: 'requests',
        total: { sum: 'kaudit.latency_us' },
        average: { average: 'kaudit.latency_us' },
        refused: { count: 'responseStatus.code: 403' },
        refusedShare: { percent: 'responseStatus.code: 403' },
      },
    });
    const expected = ['alice', 'bob'].map((user) => {
      const micros = of(user).map(({ tookMs }) => tookMs * 1000);
      const refused = of(user).filter(({ code }) => code === 403).length;
      return {
        by: { 'user.username': user },
        requests: of(user).length,
        show: {
          all: of(user).length,
          total: sum(micros),
          average: rounded(sum(micros) / micros.length),
          refused,
          refusedShare: rounded((100 * refused) / of(user).length),
        },
      };
    });
    expect(groups).toEqual(expected);
    expect(units).toEqual({ total: 'microseconds', average: 'microseconds', refusedShare: 'percent' });
  });

  it('has percentiles, between the values that stand beside them', async () => {
    const { groups } = await ask({
      show: {
        p50: { percentile: 'kaudit.latency_us', at: 50 },
        p99: { percentile: 'kaudit.latency_us', at: 99 },
        slowest: { max: 'kaudit.latency_us' },
      },
    });
    const sorted = of('alice')
      .map(({ tookMs }) => tookMs * 1000)
      .sort((a, b) => a - b);
    const show = groups[0]?.show ?? {};
    const middle = sorted.length / 2;
    expect(show['p50']).toBeGreaterThanOrEqual(sorted[middle - 1] ?? Number.NaN);
    expect(show['p50']).toBeLessThanOrEqual(sorted[middle] ?? Number.NaN);
    expect(show['p99']).toBeGreaterThanOrEqual(sorted.at(-2) ?? Number.NaN);
    expect(show['p99']).toBeLessThanOrEqual(Number(show['slowest']));
  });

  it('has what its last event has', async () => {
    const { groups } = await ask({
      show: {
        secret: { latest: 'objectRef.name' },
        code: { latest: 'responseStatus.code' },
        subresource: { latest: 'objectRef.subresource' },
        groups: { latest: 'user.groups' },
        last: { latest: '@timestamp' },
        from: { latest: 'sourceIPs' },
      },
    });
    const [last] = of('alice').slice(-1);
    expect(groups[0]?.show).toEqual({
      secret: 's44',
      code: last?.code,
      subresource: null,
      groups: ['dev', 'system:authenticated'],
      last: new Date(START + 44 * 4 * MINUTE + (last?.tookMs ?? 0)).toISOString(),
      from: '198.51.100.7',
    });
  });

  it('has no average, no percentile and no last value of what none of its events has, and is within no bound', async () => {
    const show = {
      average: { average: 'responseStatus.code' },
      p50: { percentile: 'responseStatus.code', at: 50 },
      last: { latest: 'responseStatus.code' },
    };
    const { groups } = await ask({ show }, {}, 'unanswered');
    expect(groups).toMatchObject([{ requests: 1, show: { average: null, p50: null, last: null } }]);
    expect(await ask({ show, having: { average: { atMost: 0 } } }, {}, 'unanswered')).toMatchObject({ status: 'none' });
  });
});

describe('groups', () => {
  it('are of a span of time, each request in one, and are ordered by it', async () => {
    const { groups, matches } = await ask({
      by: [{ every: '1h' }, 'user.username'],
      show: { refused: { count: 'responseStatus.code: 403' } },
      order: 'time',
    });
    const expected = [2, 1, 0].flatMap((hour) =>
      ['alice', 'bob'].map((user) => {
        const inHour = of(user).filter(({ minute }) => Math.floor(minute / 60) === hour);
        return {
          by: { time: new Date(START + hour * 60 * MINUTE).toISOString(), 'user.username': user },
          requests: inHour.length,
          show: { refused: inHour.filter(({ code }) => code === 403).length },
        };
      }),
    );
    expect(groups).toEqual(expected);
    expect(matches).toBe(REQUESTS.length);
  });

  it('are kept within bounds, and what is left out is not reported', async () => {
    const show = { requests: 'requests', refused: { count: 'responseStatus.code: 403' } } as const;
    const users = async (having: Definition['group']['having']) => {
      const { groups, matches, status } = await ask({ show, having });
      return [groups.map(({ by }) => by['user.username']), matches, status];
    };
    expect(await users({ requests: { atLeast: 10 } })).toEqual([['alice'], of('alice').length, 'findings']);
    expect(await users({ requests: { atMost: 10 } })).toEqual([['bob'], of('bob').length, 'findings']);
    expect(await users({ requests: { atLeast: 9, atMost: 36 } })).toEqual([['alice', 'bob'], 45, 'findings']);
    expect(await users({ requests: { atLeast: 1 }, refused: { atLeast: 1000 } })).toEqual([[], 0, 'none']);
  });

  it('count a request that has not ended once, whatever tells of it', async () => {
    const { groups } = await ask(
      {
        by: ['verb'],
        show: {
          watches: { count: 'verb: watch' },
          share: { percent: 'verb: watch' },
          stage: { latest: 'stage' },
          last: { max: '@timestamp' },
        },
      },
      { stages: ['RequestReceived', 'ResponseStarted', 'ResponseComplete'] },
      'open',
    );
    expect(groups).toEqual([
      {
        by: { verb: 'watch' },
        requests: 2,
        show: { watches: 2, share: 100, stage: 'ResponseComplete', last: '2026-03-02T00:03:00.000Z' },
      },
    ]);
  });
});
