/** Reading of answers in the shape that Elasticsearch 9.5.3 gives; what it computes is tested against a real one. */
import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { collectGroups } from '../../src/query/collect.ts';
import { listed, MOST_BUCKETS } from '../../src/query/groups.ts';
import { type Definition, fieldTypes, readLibrary, SHIPPED } from '../../src/query/index.ts';
import type { Reader } from '../../src/query/scan.ts';
import type { Group } from '../../src/query/types.ts';
import type { JsonObject } from '../../src/shared/json.ts';

const library = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));
const exec = library.investigations.find(({ definition }) => definition.id === 'exec-into-pod')?.definition;
if (exec === undefined) throw new Error('no exec-into-pod');
const { stages: _, ...unstaged } = exec;
const terminal: Definition = { ...unstaged, group: { by: ['verb'], show: {}, limit: 2 } };

type Hits = readonly JsonObject[];

/** Answers with the pages one after the other, and keeps what it was asked; scans find nothing, or what they are given. */
function pages(...buckets: readonly Hits[]): { reader: Reader; asked: JsonObject[]; scans: Hits[] } {
  const asked: JsonObject[] = [];
  const scans: Hits[] = [];
  const search: Reader['search'] = async (body) => {
    const page = buckets[asked.length] ?? [];
    asked.push(body);
    const groups = { buckets: page, after_key: page.at(-1)?.['key'] };
    return { total: page.length === 0 ? 0 : 7, aggregations: { groups } };
  };
  const scan: Reader['scan'] = async (_, onPage) => onPage(scans.shift() ?? []);
  return { reader: { search, scan }, asked, scans };
}

const bucket = (verb: string | null, count = 1): JsonObject => ({ key: { k0: verb }, doc_count: count });
/** Buckets of a page of groups that are only counted. */
const PAGE = 10_000;
const many = (from: number): JsonObject[] => Array.from({ length: PAGE }, (_, at) => bucket(`v${from + at}`));

describe('collectGroups', () => {
  it('pages to the end, each page after the key of the one before', async () => {
    const { reader, asked } = pages(many(0), many(PAGE), [bucket('last')]);
    const { groups, cut, requests } = await collectGroups(reader, terminal, {});
    expect([groups.length, cut, requests, asked.length]).toEqual([2 * PAGE + 1, undefined, 7, 3]);
    const composites = asked.map((body) => JSON.stringify(body).match(/"after":(\{[^}]*\})/)?.[1]);
    expect(composites).toEqual([undefined, '{"k0":"v9999"}', '{"k0":"v19999"}']);
  });

  it('keeps a group without a value', async () => {
    const { groups } = await collectGroups(pages([bucket(null, 3)]).reader, terminal, {});
    expect(groups).toEqual([{ by: { verb: null }, requests: 3, show: {} }]);
  });

  it('stops where there are too many, says so, and keeps what it has', async () => {
    const endless = pages(...Array.from({ length: MOST_BUCKETS / PAGE + 5 }, (_, at) => many(at * PAGE)));
    const { groups, cut } = await collectGroups(endless.reader, terminal, {});
    expect([groups.length, cut, endless.asked.length]).toEqual([MOST_BUCKETS, 'groups', MOST_BUCKETS / PAGE]);
  });

  it('folds requests that are still open into the groups of those that ended', async () => {
    const measured = (key: JsonObject, count: number, at: string, ips: readonly string[], all: number): JsonObject => ({
      key: { k0: 'alice', k1: 'prod/api-0', ...key },
      doc_count: count,
      first: { value: 1, value_as_string: at },
      last: { value: 1, value_as_string: at },
      from: { buckets: ips.map((ip) => ({ key: ip, doc_count: 1 })) },
      'count of from': { value: all },
      started: { buckets: [] },
    });
    const early = '2026-03-02T08:00:00.000Z';
    const { reader, scans } = pages(
      [measured({}, 7, '2026-03-02T09:00:00.000Z', ['10.0.0.1'], 30)],
      [measured({}, 2, early, ['10.0.0.1', '10.0.0.2'], 2)],
      [
        measured({ id: 'b', at: 1 }, 1, early, ['10.0.0.2'], 1),
        measured({ id: 'b', at: 2 }, 1, early, ['10.0.0.1'], 1),
      ],
    );
    const hit = (at: string): JsonObject => ({ fields: { auditID: ['b'], requestReceivedTimestamp: [at] } });
    scans.push([hit('1.25'), hit('2.5')], [hit('2.75')]);
    const { groups, requests } = await collectGroups(reader, exec, {});
    expect(requests).toBe(8);
    expect(groups).toEqual([
      {
        by: { 'kaudit.actor.name': 'alice', 'kaudit.object': 'prod/api-0' },
        requests: 8,
        show: {
          sessions: 8,
          started: [],
          from: ['10.0.0.1', '10.0.0.2'],
          first: '2026-03-02T08:00:00.000Z',
          last: '2026-03-02T09:00:00.000Z',
        },
        more: { from: 28 },
      },
    ]);
  });
});

describe('listed', () => {
  const group = (verb: string, requests: number, show: Group['show'] = {}): Group => ({ by: { verb }, requests, show });
  const verbs = (groups: readonly Group[]): unknown[] => groups.map(({ by }) => by['verb']);

  it('lists the most first, ties by their keys, and counts the rest', () => {
    const { groups, more } = listed(terminal, [group('b', 1), group('c', 5), group('a', 1)]);
    expect([verbs(groups), more]).toEqual([['c', 'a'], 1]);
  });

  it('lists the latest first where it is ordered by a time; a group without one last', () => {
    const byTime: Definition = { ...unstaged, group: { by: ['verb'], show: {}, order: 'last', limit: 20 } };
    const some = [
      group('none', 9, { last: null }),
      group('old', 9, { last: '2026-03-02T08:00:00.000Z' }),
      group('new', 1, { last: '2026-03-02T09:00:00.000Z' }),
    ];
    expect(verbs(listed(byTime, some).groups)).toEqual(['new', 'old', 'none']);
  });
});
