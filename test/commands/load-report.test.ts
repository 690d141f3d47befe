import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { isObject, type JsonObject } from '../../src/shared/json.ts';
import { kaudit } from '../support/cli.ts';
import {
  type Faults,
  type FaultyProxy,
  faultyProxy,
  freshNamespace,
  removeNamespace,
  testCluster,
} from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-report-'));
const namespace = freshNamespace();
let cluster: Cluster;
let proxy: FaultyProxy | undefined;

beforeAll(async () => {
  cluster = await testCluster();
});
afterEach(() => proxy?.close());
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await removeNamespace(cluster, namespace);
});

const line = (changes: { readonly [key: string]: unknown } = {}): string => `${JSON.stringify(rawEvent(changes))}\n`;
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** Loads through a proxy that spoils some requests. */
async function loadThrough(faults: Faults, args: readonly string[]) {
  proxy = await faultyProxy(inject('elasticsearch').url, faults);
  return await kaudit(['load', ...args, '--namespace', namespace], { env: { ELASTICSEARCH_URL: proxy.url } });
}

/** The documents of the history that tell of loads of a path. */
async function history(path: string): Promise<readonly JsonObject[]> {
  await cluster.ask('POST', '/kaudit-loads/_refresh');
  const { json } = await kaudit([
    ...['api', 'POST', '/kaudit-loads/_search', '--body'],
    JSON.stringify({ query: { term: { sources: path } }, sort: ['started'] }),
  ]);
  const { hits } = json() as { hits: { hits: readonly { readonly _source: JsonObject }[] } };
  return hits.hits.map(({ _source }) => _source).filter(isObject);
}

describe('the report of a load', () => {
  it('is written to the file that is named, and kept in the index', async () => {
    const path = file('audit.log', line() + line({ auditID: 'b', stageTimestamp: '2026-03-02T10:00:00.000000Z' }));
    const report = join(folder, 'report.json');
    const args = ['load', path, '--namespace', namespace, '--cluster', 'prod', '--report', report];
    expect((await kaudit(args)).code).toBe(0);
    const written = JSON.parse(readFileSync(report, 'utf8')) as JsonObject;
    expect(written).toMatchObject({
      run: expect.stringMatching(/^\d{8}T\d{6}\.\d{3}Z-\d+$/),
      started: expect.stringMatching(/Z$/),
      finished: expect.stringMatching(/Z$/),
      outcome: 'complete',
      sources: [path],
      settings: { cluster: 'prod', namespace, gapSeconds: 300 },
      versions: { kaudit: '0.1.0', node: process.version, elasticsearch: cluster.version, facts: expect.any(Number) },
      elasticsearch: { url: cluster.url, name: expect.any(String), uuid: expect.any(String) },
      read: 2,
      created: 2,
      balanced: true,
      reasons: [],
      rejections: {},
      retries: {},
      coverage: {
        first: '2026-03-02T09:41:07.125Z',
        levels: { Metadata: 2 },
        clusters: { prod: 2 },
        gapCount: 1,
        gaps: [{ from: '2026-03-02T09:41:07.125Z', to: '2026-03-02T10:00:00.000Z', seconds: 1133 }],
      },
      fileCount: 1,
      files: [{ file: path, read: 2, created: 2 }],
    });
    expect(await history(path)).toEqual([written]);

    expect((await kaudit([...args, '--gap', '3600'])).code).toBe(0);
    expect(await history(path)).toMatchObject([
      { created: 2 },
      { created: 0, duplicate: 2, coverage: { gapCount: 0 } },
    ]);
  });

  it('can be searched by what it counts', async () => {
    const path = file('counted.log', `${line({ auditID: 'c' })}{"kind":"Pod"}\n`);
    expect((await kaudit(['load', path, '--namespace', namespace])).code).toBe(3);
    await cluster.ask('POST', '/kaudit-loads/_refresh');
    const answer = await cluster.ask('POST', '/kaudit-loads/_search', {
      query: {
        bool: {
          filter: [
            { term: { sources: path } },
            { range: { quarantined: { gte: 1 } } },
            { term: { 'reasons.reason': 'not-an-event' } },
            { range: { 'coverage.first': { gte: '2026-03-02', lt: '2026-03-03' } } },
            { term: { outcome: 'partial' } },
          ],
        },
      },
    });
    expect(answer).toMatchObject({ hits: { total: { value: 1 } } });
  });

  it('counts what was sent again by why, and what the server refused by its error', async () => {
    const path = file('again.log', line({ auditID: 'd', objectRef: 'pods' }));
    let refused = 0;
    const faults: Faults = {
      before: (address) => {
        if (!address.startsWith('/_bulk') || refused === 2) return undefined;
        refused += 1;
        return { status: 429 };
      },
    };
    expect((await loadThrough(faults, [path, '--json'])).json()).toMatchObject({
      created: 1,
      degraded: 1,
      retries: { 'status 429': 2 },
      rejections: { document_parsing_exception: 1 },
      reasons: [{ fate: 'degraded', reason: 'refused-by-server', count: 1 }],
    });
  });

  it('fails a load that was fine when it cannot be kept, and leaves other exit codes as they are', async () => {
    const body = JSON.stringify({ error: { type: 'security_exception', reason: 'no create_index on kaudit-loads' } });
    const faults: Faults = {
      before: (address) => (address.startsWith('/kaudit-loads') ? { status: 403, body } : undefined),
    };
    const fine = await loadThrough(faults, [file('fine.log', line({ auditID: 'e' }))]);
    expect(fine.code).toBe(1);
    expect(fine.out).toContain('1 created');
    expect(fine.err).toContain('no create_index on kaudit-loads');
    proxy?.close();
    const partial = await loadThrough(faults, [file('partial.log', `${line({ auditID: 'f' })}{"kind":"Pod"}\n`)]);
    expect(partial.code).toBe(3);
    expect(partial.err).toContain('no create_index on kaudit-loads');
  });

  it('says before it loads that the file cannot be written', async () => {
    const path = file('early.log', line({ auditID: 'g' }));
    for (const report of [join(folder, 'none', 'report.json'), folder, '/dev/null']) {
      const { code, out, err } = await kaudit(['load', path, '--namespace', namespace, '--report', report]);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain(`${report} cannot be written`);
    }
    expect((await kaudit(['load', path, '--namespace', namespace, '--gap', '0'])).code).toBe(2);
    expect(await history(path)).toEqual([]);
  });

  it('holds nothing of what the events say', async () => {
    const events = [
      line({ auditID: 'h', responseObject: { kind: 'Secret', data: { password: 'canary' } } }),
      line({ auditID: 'i', objectRef: { resource: 'secrets', name: { a: 'canary' } } }),
      '{"kind":"Secret","data":{"password":"canary"}}\n',
      '{"kind":"Event","requestObject":{"data":{"a":"canary"}\n',
    ];
    const path = file('secrets.log', events.join(''));
    const list = file('list.json', `{"kind":"EventList",\n"items":[\n${line()},{"data":"canary`);
    const report = join(folder, 'secrets.json');
    const KAUDIT_HOME = join(folder, 'home');
    const args = ['load', path, list, '--namespace', namespace, '--report', report];
    const { code, out, err } = await kaudit(args, { env: { KAUDIT_HOME } });
    expect(code).toBe(3);
    const stored = await history(path);
    expect(stored).toHaveLength(1);
    const [quarantine = ''] = readdirSync(join(KAUDIT_HOME, 'quarantine'));
    const quarantined = readFileSync(join(KAUDIT_HOME, 'quarantine', quarantine), 'utf8');
    expect(quarantined.trim().split('\n')).toHaveLength(3);
    for (const text of [out, err, quarantined, readFileSync(report, 'utf8'), JSON.stringify(stored)])
      expect(text).not.toContain('canary');
  });
});
