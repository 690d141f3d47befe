import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { bulkBodyOf, type Cluster, connect, createDocuments } from '../../src/elastic/index.ts';
import {
  countEvents,
  type Fault,
  type Faults,
  type FaultyProxy,
  faultyProxy,
  freshNamespace,
  loadInto,
  removeNamespace,
  testCluster,
} from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const EVENTS = 30;
const path = join(mkdtempSync(join(tmpdir(), 'kaudit-bulk-')), 'audit.log');
writeFileSync(
  path,
  Array.from({ length: EVENTS }, (_, index) => JSON.stringify(rawEvent({ auditID: `${index}` }))).join('\n'),
);

let cluster: Cluster;
let namespace: string;
let proxy: FaultyProxy | undefined;

beforeEach(async () => {
  cluster = await testCluster();
  namespace = freshNamespace();
});
afterEach(async () => {
  proxy?.close();
  await removeNamespace(cluster, namespace);
});

async function through(faults: Faults): Promise<Cluster> {
  const server = inject('elasticsearch');
  proxy = await faultyProxy(server.url, faults);
  return await connect({ ...server, url: proxy.url });
}

/** Spoils the first bulk requests, so many of them. */
function firstBulks(times: number, fault: Fault): (path: string) => Fault | undefined {
  let left = times;
  return (target) => {
    if (!target.startsWith('/_bulk') || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

describe('createDocuments, through a server that falters', () => {
  it.each<[string, Faults]>([
    ['refuses for a while', { before: firstBulks(2, { status: 429, headers: { 'retry-after': '1' } }) }],
    ['is away for a moment', { before: firstBulks(2, { status: 503 }) }],
    ['breaks the connection before it has stored anything', { before: firstBulks(1, 'reset') }],
    ['stores and then breaks the connection', { after: firstBulks(1, 'reset') }],
    [
      'stores and then answers with half of the items',
      { after: firstBulks(1, { status: 200, body: '{"errors":false,"items":[{"create":{"status":201}}]}' }) },
    ],
    ['stores and then has a proxy that gives up', { after: firstBulks(1, { status: 504 }) }],
  ])('counts every event as created once when it %s', async (_, faults) => {
    const { report } = await loadInto(await through(faults), namespace, [path]);
    expect(report).toMatchObject({ read: EVENTS, created: EVENTS, duplicate: 0, balanced: true });
    expect(await countEvents(cluster, namespace)).toBe(EVENTS);
  });

  it('halves a request that is too large until it fits', async () => {
    const tooLarge = (target: string, body: Buffer): Fault | undefined =>
      target.startsWith('/_bulk') && body.length > 10_000 ? { status: 413 } : undefined;
    const { report } = await loadInto(await through({ before: tooLarge }), namespace, [path]);
    expect(report).toMatchObject({ created: EVENTS, quarantined: 0 });
  });

  it('finds the one document that spoils a request, and quarantines only that', async () => {
    const poisoned = (target: string, body: Buffer): Fault | undefined =>
      target.startsWith('/_bulk') && body.includes('"auditID":"7"') ? { status: 400 } : undefined;
    const { report } = await loadInto(await through({ before: poisoned }), namespace, [path]);
    expect(report).toMatchObject({ created: EVENTS - 1, quarantined: 1, balanced: true });
  });

  it('blames no document when every request is unreadable to the server', async () => {
    const faulty = await through({ before: (target) => (target.startsWith('/_bulk') ? { status: 400 } : undefined) });
    await expect(loadInto(faulty, namespace, [path])).rejects.toMatchObject({ code: 'server-refused' });
  });

  it('gives up with a hint when nothing gets through', async () => {
    const faulty = await through({ before: (target) => (target.startsWith('/_bulk') ? { status: 503 } : undefined) });
    await expect(
      createDocuments(faulty, bulkBodyOf(`kaudit-events-${namespace}-undated`, 'a', '{}'), { patienceMs: 0 }),
    ).rejects.toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('not stored twice'),
    });
  });

  it('stops waiting when it is interrupted', async () => {
    const faulty = await through({
      before: (target) => (target.startsWith('/_bulk') ? { status: 429, headers: { 'retry-after': '60' } } : undefined),
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    await expect(
      createDocuments(faulty, bulkBodyOf(`kaudit-events-${namespace}-undated`, 'a', '{}'), {
        signal: controller.signal,
      }),
    ).rejects.toThrow();
  });

  it('stops at once when the user may not write', async () => {
    const faulty = await through({ before: (target) => (target.startsWith('/_bulk') ? { status: 403 } : undefined) });
    await expect(loadInto(faulty, namespace, [path])).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
