/**
 * The oracle of every fault test: whatever has happened, the index holds each event of the input once, the ledger gives every
 * record one fate, and a fresh event still goes in. It knows events by what the API server wrote, not by our ids.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { eventsIndex, variantsIndex } from '../../src/audit/indices.ts';
import { type ConnectionOptions, connect } from '../../src/elastic/index.ts';
import type { LoadReport } from '../../src/load/index.ts';
import { isObject, type JsonObject } from '../../src/shared/json.ts';
import { simulate } from '../../src/simulate/index.ts';
import type { Ran } from './cli.ts';
import { loadInto } from './cluster.ts';
import { rawEvent } from './events.ts';
import type { FakeElasticsearch } from './fake-elasticsearch.ts';

/** A server to load into, and a way to see what it holds past whatever stands before it. */
export interface Target {
  readonly connection: ConnectionOptions;
  readonly stored: (namespace: string) => Promise<readonly JsonObject[]>;
  /** Whether it holds anything yet; false also while it cannot say. */
  readonly holdsAny: (namespace: string) => Promise<boolean>;
}

/** `url`: of a proxy before it. */
export function fakeTarget(fake: FakeElasticsearch, url = fake.url): Target {
  const stored: Target['stored'] = async (namespace) =>
    [eventsIndex(namespace, ''), variantsIndex(namespace)].flatMap((prefix) =>
      fake.documents(prefix).map(({ source }) => source),
    );
  return { connection: { url }, stored, holdsAny: async (namespace) => (await stored(namespace)).length > 0 };
}

export function realTarget(server: ConnectionOptions = inject('elasticsearch'), url = server.url): Target {
  return {
    connection: { ...server, url },
    stored: (namespace) => storedIn(server, namespace),
    holdsAny: async (namespace) => {
      const cluster = await connect(server);
      const index = eventsIndex(namespace, '*');
      await cluster.send({ method: 'POST', path: `/${index}/_refresh` });
      const { body } = await cluster.send({ method: 'GET', path: `/${index}/_count` });
      return isObject(body) && Number(body['count']) > 0;
    },
  };
}

const PAGE = 5000;

async function storedIn(server: ConnectionOptions, namespace: string): Promise<readonly JsonObject[]> {
  const cluster = await connect(server);
  const pattern = `${eventsIndex(namespace, '*')},${variantsIndex(namespace)}`;
  await cluster.ask('POST', `/${pattern}/_refresh?ignore_unavailable=true`);
  const sources: JsonObject[] = [];
  let answer = await cluster.ask('POST', `/${pattern}/_search?scroll=1m&ignore_unavailable=true`, { size: PAGE });
  for (;;) {
    const hits = isObject(answer) && isObject(answer['hits']) ? answer['hits']['hits'] : undefined;
    if (!Array.isArray(hits) || hits.length === 0) return sources;
    sources.push(...hits.map((hit: JsonObject) => hit['_source']).filter(isObject));
    answer = await cluster.ask('POST', '/_search/scroll', {
      scroll: '1m',
      scroll_id: isObject(answer) ? answer['_scroll_id'] : '',
    });
  }
}

/** The environment that sends the command to the target. */
export function envOf({ connection }: Target): Readonly<Record<string, string>> {
  return {
    ELASTICSEARCH_URL: connection.url,
    ELASTICSEARCH_USERNAME: connection.username ?? '',
    ELASTICSEARCH_PASSWORD: connection.password ?? '',
    ELASTICSEARCH_CA_FILE: connection.caFile ?? '',
  };
}

/** Lines of a simulated log: all of them different events, of one month. */
export function eventLines(count: number, seed = 1): readonly string[] {
  const start = Date.UTC(2026, 2, 2);
  const { chunks } = simulate({ events: count, seed, level: 'metadata', start, hours: 24, attacks: [] });
  return [...chunks].join('').trimEnd().split('\n');
}

/** The target holds each event of the lines once, and nothing else. */
export async function expectExactly(target: Target, namespace: string, lines: readonly string[]): Promise<void> {
  const stored = (await target.stored(namespace)).map(signatureOf);
  const wanted = new Set(lines.map((line) => signatureOf(JSON.parse(line))));
  const found = new Set(stored);
  expect({
    missing: [...wanted].filter((event) => !found.has(event)).slice(0, 5),
    foreign: [...found].filter((event) => !wanted.has(event)).slice(0, 5),
    twice: stored.length - found.size,
  }).toEqual({ missing: [], foreign: [], twice: 0 });
  expect(stored).toHaveLength(wanted.size);
}

function signatureOf(event: JsonObject): string {
  const user = isObject(event['user']) ? event['user']['username'] : undefined;
  return JSON.stringify([event['auditID'], event['stage'], event['verb'], user, event['stageTimestamp']]);
}

/** The report that a load printed, after its counts have been added up anew. */
export function ledgerOf({ out, err }: Pick<Ran, 'out' | 'err'>): LoadReport {
  expect(out, err).not.toBe('');
  const report = JSON.parse(out) as LoadReport;
  for (const counts of [report, ...report.files]) {
    const { read, created, duplicate, variant, quarantined, skipped } = counts;
    expect(created + duplicate + variant + quarantined + skipped).toBe(read);
  }
  expect(report.balanced).toBe(true);
  return report;
}

let fresh = 0;

/** One more event goes in, whatever has been before, and is there. */
export async function expectFreshEventPasses(target: Target, namespace: string): Promise<void> {
  fresh += 1;
  const before = (await target.stored(namespace)).length;
  const path = join(mkdtempSync(join(tmpdir(), 'kaudit-fresh-')), 'audit.log');
  writeFileSync(path, `${JSON.stringify(rawEvent({ auditID: `fresh-${process.pid}-${fresh}` }))}\n`);
  const { report } = await loadInto(await connect(target.connection), namespace, [path]);
  expect(report).toMatchObject({ read: 1, created: 1, balanced: true });
  expect(await target.stored(namespace)).toHaveLength(before + 1);
}
