/** Logs that real API servers wrote: what is in the index is compared with counts that none of our code took part in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventsAlias } from '../../src/audit/indices.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { kaudit } from '../support/cli.ts';
import { freshNamespace, loadInto, removeNamespace, search, testCluster } from '../support/cluster.ts';
import { fieldOf } from '../support/field.ts';
import { hasShared, shared } from '../support/shared.ts';

let cluster: Cluster;
let namespace: string;
beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(() => removeNamespace(cluster, namespace));

type Counts = Readonly<Record<string, number>>;

/** Documents by the values of a field. */
async function counts(field: string, query: object = { match_all: {} }): Promise<Counts> {
  const body = { size: 0, query, aggs: { by: { terms: { field, size: 1000 } } } };
  const answer = await cluster.ask('POST', `/${eventsAlias(namespace)}/_search`, body);
  const buckets = fieldOf(answer, 'aggregations', 'by', 'buckets') as readonly {
    key: string;
    key_as_string?: string;
    doc_count: number;
  }[];
  return Object.fromEntries(buckets.map((bucket) => [bucket.key_as_string ?? bucket.key, bucket.doc_count]));
}

async function total(query: object): Promise<number> {
  return Number(fieldOf(await cluster.ask('POST', `/${eventsAlias(namespace)}/_count`, { query }), 'count'));
}

const data = (name: string): string => join(import.meta.dirname, '../data', `real-chain-${name}.jsonl.gz`);
type Raw = {
  stage: string;
  verb: string;
  user: { username?: string };
  responseStatus?: { code: number; message?: string };
  annotations?: Record<string, string>;
};

function rawEvents(name: string): readonly Raw[] {
  const lines = gunzipSync(readFileSync(data(name)))
    .toString()
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Raw);
}

function tally(events: readonly Raw[], keyOf: (event: Raw) => string | undefined): Counts {
  const result: Record<string, number> = {};
  for (const event of events) {
    const key = keyOf(event);
    if (key !== undefined) result[key] = (result[key] ?? 0) + 1;
  }
  return result;
}

/** Written from the API server's documentation, not from our facts. */
function outcome({ stage, responseStatus, annotations }: Raw): string | undefined {
  if (stage === 'Panic') return 'server';
  if (!responseStatus) return undefined;
  const { code, message = '' } = responseStatus;
  if (code >= 100 && code <= 399) return 'success';
  if (code === 401) return 'authentication';
  if (code === 403) return annotations?.['authorization.k8s.io/decision'] === 'allow' ? 'admission' : 'authorization';
  if (message.startsWith('admission webhook')) return 'admission';
  if (code === 409) return 'conflict';
  if (code === 429) return 'throttled';
  return code >= 500 ? 'server' : 'client';
}

const isEnd = ({ stage, user }: Raw): boolean =>
  ['ResponseComplete', 'Panic'].includes(stage) || (stage === 'ResponseStarted' && !user.username);

describe("what the API server's own code wrote", () => {
  it.each([
    ['metadata', 2077],
    ['requestresponse', 1590],
  ])('is loaded whole at %s, with the right outcomes and ends', async (name, events) => {
    const raw = rawEvents(name);
    const { report } = await loadInto(cluster, namespace, [data(name)]);
    expect(report).toMatchObject({ read: events, created: events, degraded: 0, balanced: true });
    expect(await counts('kaudit.outcome')).toEqual(tally(raw, outcome));
    expect(await counts('kaudit.terminal')).toEqual(tally(raw, (event) => String(isEnd(event))));
    expect(await counts('stage')).toEqual(tally(raw, ({ stage }) => stage));
  });

  it('is loaded from the bodies of its webhook as well', async () => {
    const bodies = gunzipSync(readFileSync(data('webhook-bodies')))
      .toString()
      .trimEnd()
      .split('\n');
    const items = bodies.flatMap((body) => (JSON.parse(body) as { items: unknown[] }).items);
    const { report } = await loadInto(cluster, namespace, [data('webhook-bodies')]);
    expect(report).toMatchObject({ read: items.length, created: items.length, balanced: true });
    expect(await counts('kaudit.origin.format')).toEqual({ EventList: items.length });
  });

  it('keeps every byte of a Metadata event', async () => {
    await loadInto(cluster, namespace, [data('metadata')]);
    const { url, username, password } = inject('elasticsearch');
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const response = await fetch(`${url}/${eventsAlias(namespace)}/_search?size=3000`, { headers: { authorization } });
    const stored = await response.text();
    const lines = gunzipSync(readFileSync(data('metadata')))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => !stored.includes(line.slice(0, -1)))).toEqual([]);
  });
});

describe.skipIf(!hasShared)('logs of others', () => {
  it('the primer: who deleted prod/some-secret', async () => {
    const load = await kaudit(['load', shared('primer/secret-delete.log'), '--namespace', namespace, '--json']);
    expect(load.json()).toMatchObject({ read: 2, created: 2, balanced: true });
    const run = await kaudit(['query', 'run', 'secrets-deleted', '--namespace', namespace, '--json']);
    expect(run.json()).toMatchObject({
      coverage: { events: 2, requests: 1 },
      results: [
        {
          status: 'findings',
          matches: 1,
          groups: [
            {
              by: { 'kaudit.actor.name': 'kubernetes-admin', 'kaudit.object': 'prod/some-secret' },
              show: {
                with: ['kubectl'],
                from: ['192.168.63.171'],
                allowedBy: ['ClusterRoleBinding/kubeadm:cluster-admins'],
              },
            },
          ],
        },
      ],
    });
  });

  it('immudb: the answer key, twice, and a quiet cluster', async () => {
    const load = [
      'load',
      shared('immudb-log-audit/k8s.log.gz'),
      '--cluster',
      'microk8s',
      '--namespace',
      namespace,
      '--json',
    ];
    expect((await kaudit(load)).json()).toMatchObject({ read: 2971, created: 2971, balanced: true, bytes: 2_292_444 });
    expect((await kaudit(load)).json()).toMatchObject({ read: 2971, created: 0, duplicate: 2971, balanced: true });
    expect(await counts('stage')).toEqual({ RequestReceived: 1484, ResponseStarted: 111, ResponseComplete: 1376 });
    const ended = { bool: { must_not: [{ term: { stage: 'RequestReceived' } }] } };
    expect(await counts('verb', ended)).toEqual({ get: 895, update: 304, list: 118, watch: 114, create: 53, patch: 3 });
    expect(await counts('responseStatus.code', ended)).toEqual({ 200: 1426, 201: 52, 500: 7, 409: 2 });
    expect(await counts('kaudit.source.ip', ended)).toEqual({ '127.0.0.1': 1337, '::1': 150 });
    expect(Object.keys(await counts('user.username'))).toHaveLength(18);
    expect(await total({ bool: { filter: [ended], must_not: [{ exists: { field: 'objectRef.resource' } }] } })).toBe(
      449,
    );
    const run = await kaudit(['query', 'run', '--all', '--json', '--namespace', namespace]);
    const results = fieldOf(run.json(), 'results') as readonly { id: string; severity: string; status: string }[];
    expect(results.filter(({ severity, status }) => severity === 'high' && status === 'findings')).toEqual([]);
    expect(results.map(({ status }) => status)).not.toContain('error');
  });

  it('audit2rbac: impersonation, and times of before Kubernetes 1.9', async () => {
    await loadInto(cluster, namespace, [shared('audit2rbac/demo.log')]);
    expect(await counts('kaudit.actor.name')).toEqual({ bob: 29, 'system:serviceaccount:ns1:sa1': 5, alice: 3 });
    expect(await counts('responseStatus.code')).toEqual({ 200: 26, 403: 11 });
    expect((await search(cluster, namespace))[0]).toHaveProperty('@timestamp', expect.stringMatching(/^2017/));
  });

  it('everything there balances, and again with nothing new', async () => {
    const load = ['load', shared(), '--namespace', namespace, '--json'];
    const first = await kaudit(load);
    expect(first.json()).toMatchObject({ balanced: true });
    expect(Number(fieldOf(first.json(), 'created'))).toBeGreaterThan(6500);
    const again = await kaudit(load);
    expect(again.json()).toMatchObject({ balanced: true, created: 0, variant: 0, read: fieldOf(first.json(), 'read') });
    const files = fieldOf(first.json(), 'files') as readonly { read: number; skipped: number; reason?: string }[];
    expect(files.filter(({ skipped, reason }) => skipped > 0 && reason === undefined)).toEqual([]);
  });
});
