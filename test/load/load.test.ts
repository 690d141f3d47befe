import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/commands/store.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { findSources, load } from '../../src/load/index.ts';
import { openQuarantine } from '../../src/load/quarantine.ts';
import { countEvents, freshNamespace, loadInto, removeNamespace, search, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { fieldOf } from '../support/field.ts';

let cluster: Cluster;
let namespace: string;
const used: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'kaudit-load-'));

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
  used.push(namespace);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  for (const name of used) await removeNamespace(cluster, name);
});

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const line = (changes: { readonly [key: string]: unknown } = {}): string => JSON.stringify(rawEvent(changes));
const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => line({ auditID: `id-${index}` })).join('\n');

describe('a load', () => {
  it('stores every event once, however often and in whatever packing it is loaded', async () => {
    const plain = file('once.log', lines(50));
    const first = await loadInto(cluster, namespace, [plain]);
    expect(first).toMatchObject({ partial: false, report: { read: 50, created: 50, balanced: true } });
    const packed = file('once.log.gz', gzipSync(`${lines(50)}\n`));
    const list = file(
      'once.json',
      JSON.stringify(
        {
          kind: 'EventList',
          items: lines(50)
            .split('\n')
            .map((text) => JSON.parse(text)),
        },
        null,
        2,
      ),
    );
    const again = await loadInto(cluster, namespace, [plain, packed, list]);
    expect(again.report).toMatchObject({ read: 150, created: 0, duplicate: 150, balanced: true });
    expect(await countEvents(cluster, namespace)).toBe(50);
  });

  it('takes the same event from the log file and from a webhook as one', async () => {
    const bare = line({ kind: undefined, apiVersion: undefined });
    const { report } = await loadInto(cluster, namespace, [
      file('both.log', `${line()}\n{"kind":"EventList","items":[${bare}]}`),
    ]);
    expect(report).toMatchObject({ read: 2, created: 1, duplicate: 1 });
  });

  it('takes another layout or order of keys for the same event', async () => {
    const reordered = JSON.stringify(Object.fromEntries(Object.entries(rawEvent()).reverse()), null, 2);
    const { report } = await loadInto(cluster, namespace, [file('a.log', line()), file('b.json', reordered)]);
    expect(report).toMatchObject({ read: 2, created: 1, duplicate: 1, variant: 0 });
  });

  it('keeps an event whose identity is taken by another one, once', async () => {
    const path = file('variant.log', `${line()}\n${line({ userAgent: 'curl/8' })}`);
    expect((await loadInto(cluster, namespace, [path])).report).toMatchObject({
      created: 1,
      variant: 1,
      balanced: true,
    });
    expect((await loadInto(cluster, namespace, [path])).report).toMatchObject({ created: 0, duplicate: 2, variant: 0 });
    await cluster.ask('POST', `/kaudit-variants-${namespace}/_refresh`);
    const { body } = await cluster.send({ method: 'GET', path: `/kaudit-variants-${namespace}/_search` });
    expect(JSON.stringify(body)).toContain('"variant_of"');
  });

  it('files each event under the month of its own time', async () => {
    const events = ['2026-01-31T23:59:59Z', '2026-02-01T00:00:00Z', 'never'].map((stageTimestamp) =>
      line({ stageTimestamp, requestReceivedTimestamp: undefined }),
    );
    await loadInto(cluster, namespace, [file('months.log', events.join('\n'))]);
    const { body } = await cluster.send({ method: 'GET', path: `/_alias/logs-kubernetes.audit_logs-${namespace}` });
    expect(Object.keys(body as object).sort()).toEqual(
      ['2026.01', '2026.02', 'undated'].map((month) => `kaudit-events-${namespace}-${month}`),
    );
  });

  it('leaves no secret in the index, nor in the quarantine', async () => {
    const secret = line({
      level: 'RequestResponse',
      responseObject: { kind: 'Secret', data: { password: 'canary-1' } },
    });
    const broken = line({ requestObject: { stringData: { a: 'canary-2' } } }).slice(0, -5);
    const { report } = await loadInto(cluster, namespace, [file('secret.log', `${secret}\n${broken}`)]);
    const [stored] = await search(cluster, namespace);
    expect(JSON.stringify(stored)).not.toContain('canary');
    expect(stored).toHaveProperty('kaudit.redacted', ['responseObject.data']);
    expect(stored).toHaveProperty('kaudit.secret_keys', ['password']);
    expect(readFileSync(report.quarantineFile ?? '', 'utf8')).not.toContain('canary');
  });

  it('goes on after bad input, with a fate and a reason for each', async () => {
    const paths = [
      join(folder, 'not-there.log'),
      file('binary.bin', Buffer.from([0, 1, 2, 0, 255])),
      file('empty.log', ''),
      file('policy.yaml', 'kind: Policy\n'),
      file('kind.json', '{"kind": 0, "auditID": 1}'),
      file('package.json', '{"name": "kaudit"}'),
      file('good.log', line()),
    ];
    const { report, partial } = await loadInto(cluster, namespace, paths);
    expect(partial).toBe(true);
    expect(report).toMatchObject({ read: 6, created: 1, quarantined: 1, skipped: 4, balanced: true });
    expect(report.files.map(({ reason }) => reason)).toEqual([
      'no such file or folder',
      'a binary file',
      'nothing in it',
      'no audit event in it',
      undefined,
      'no audit event in it',
      undefined,
    ]);
    const [entry] = readFileSync(report.quarantineFile ?? '', 'utf8')
      .trim()
      .split('\n');
    expect(JSON.parse(entry ?? '')).toMatchObject({
      source: paths[4],
      path: paths[4],
      offset: 0,
      end: 25,
      reason: 'not-an-event',
      detail: 'kind is not Event',
      original: '{"kind": 0, "auditID": 1}',
      whole: true,
    });
    expect(report.reasons).toContainEqual({ fate: 'quarantined', reason: 'not-an-event', count: 1 });
  });

  it.skipIf(!existsSync('/dev/full'))('stops where the disk is too full for the quarantine', async () => {
    const full = mkdtempSync(join(folder, 'full-'));
    symlinkSync('/dev/full', join(full, 'run.jsonl'));
    const sources = await findSources([file('bad.log', `${line()}\n{"kind": 0}`)], process.stdin);
    const loading = load(await openStore(cluster, namespace), sources, {
      namespace,
      quarantine: openQuarantine(full, 'run', { cluster: undefined, namespace }),
      signal: new AbortController().signal,
    });
    await expect(loading).rejects.toMatchObject({ code: 'no-disk' });
  });

  it.each<[string, string]>([
    ['an object where a string belongs', line({ objectRef: { resource: 'pods', name: { a: 1 } } })],
    ['a string where an object belongs', line({ objectRef: 'pods' })],
    ['an empty key at the root', line({ '': 1 })],
    ['a key of dots', line({ '..': 1 })],
    ['a blank key in the user', line({ user: { username: 'alice@example.com', ' ': 1 } })],
    ['a key that is an alias of the mapping', line({ kubernetes: { audit: { verb: 'get' } } })],
    ['a key that is ours', line({ kaudit: { terminal: true } })],
    ['a key twice', line().replace('"verb":"get"', '"verb":"get","verb":"get"')],
    ['an object a thousand levels deep', line({ extra: JSON.parse(`${'{"a":'.repeat(1100)}1${'}'.repeat(1100)}`) })],
  ])('indexes an event with %s, degraded', async (_, text) => {
    const path = file('degraded.log', text);
    expect((await loadInto(cluster, namespace, [path])).report).toMatchObject({
      read: 1,
      created: 1,
      degraded: 1,
      balanced: true,
    });
    const [stored] = await search(cluster, namespace, { term: { 'kaudit.actor.name': 'alice@example.com' } });
    expect(stored).toHaveProperty('kaudit.raw', expect.stringContaining('"auditID"'));
    expect((await loadInto(cluster, namespace, [path])).report).toMatchObject({
      created: 0,
      duplicate: 1,
      degraded: 0,
    });
  });

  it.each<[string, string]>([
    [
      'odd keys in bodies, annotations and extra',
      line({
        requestObject: { '': 1, '.': [2, { '..': 3 }] },
        annotations: { '': 'x', 'a..b': 'y' },
        user: { username: 'alice@example.com', extra: { '.': ['z'] } },
      }),
    ],
    ['half of a surrogate pair', line().replace('some-secret', '\\ud800')],
    ['an IP that is none', line({ sourceIPs: ['bogus', '10.0.0.1'] })],
    ['a code that is no number', line({ responseStatus: { code: 'x' } })],
    ['a name longer than a term may be', line({ objectRef: { resource: 'pods', name: 'x'.repeat(40_000) } })],
    ['a body of five megabytes', line({ requestObject: { data: 'x'.repeat(5_000_000) } })],
  ])('indexes an event with %s as it is', async (_, text) => {
    const { report } = await loadInto(cluster, namespace, [file('odd.log', text)]);
    expect(report).toMatchObject({ read: 1, created: 1, degraded: 0 });
    expect(fieldOf((await search(cluster, namespace))[0], 'kaudit', 'terminal')).toBe(true);
  });

  it('indexes an event with bytes that are no UTF-8, and keeps the bytes', async () => {
    const bytes = Buffer.from(line().replace('kubectl', 'kube\x01ctl'));
    bytes[bytes.indexOf(1)] = 0xff;
    const { report } = await loadInto(cluster, namespace, [file('latin.log', bytes)]);
    expect(report).toMatchObject({ created: 1, degraded: 1 });
    expect((await search(cluster, namespace))[0]).toHaveProperty('kaudit.raw', `base64:${bytes.toString('base64')}`);
  });
});
