/** What a server answers when it is busy, blocked or half there: B1 to B4, B6, B11, B17 of the fault matrix. */
import { describe, expect, it } from 'vitest';
import { connect, createDocuments, ensureIndex } from '../../src/elastic/index.ts';
import { bulkBodyOfAll } from '../support/bulk.ts';
import { type BulkFault, type FakeElasticsearch, firstBulks } from '../support/fake-elasticsearch.ts';
import type { ItemFault } from '../support/fake-store.ts';
import { answering, LINES, lineOf, NAMESPACE, useFake } from '../support/loading.ts';
import { expectExactly, expectFreshEventPasses, ledgerOf } from '../support/oracle.ts';

const on = useFake();

/** Every third document fails in the first bulk requests, so many of them. */
function everyThird(times: number, fault: ItemFault): FakeElasticsearch['spoil'] {
  return firstBulks(times, { kind: 'items', of: (document) => (lineOf(document) % 3 === 0 ? fault : undefined) });
}

describe('a load, into a server that is busy, blocked or half there', () => {
  it.each<[string, FakeElasticsearch['spoil']]>([
    ['B1: refuses some documents for a while', everyThird(2, { status: 429, type: 'es_rejected_execution_exception' })],
    ['B2: loses a shard for a moment', everyThird(1, { status: 503, type: 'unavailable_shards_exception' })],
    [
      'B2: stores on a shard whose answer is lost',
      everyThird(1, { status: 503, type: 'unavailable_shards_exception', stored: true }),
    ],
    ['B2: fails inside, having stored', everyThird(1, { status: 500, type: 'exception', stored: true })],
    ['B3: has a write block', everyThird(2, { status: 403, type: 'cluster_block_exception' })],
    [
      'B3: has a block on the whole cluster',
      firstBulks(2, answering(403, { error: { type: 'cluster_block_exception' } })),
    ],
    ['B4: is beyond the flood stage', everyThird(2, { status: 429, type: 'cluster_block_exception' })],
    ['B6: trips its circuit breaker', firstBulks(2, answering(429, { error: { type: 'circuit_breaking_exception' } }))],
    ['is behind a gateway that fails', firstBulks(2, { kind: 'answer', status: 502, body: '<html>bad</html>' })],
    ['is behind a gateway that gives up, having stored', firstBulks(1, { kind: 'answer', status: 504, stored: true })],
    ['is behind a gateway that has waited too long', firstBulks(1, { kind: 'answer', status: 408, stored: true })],
    ['B17: takes its time', () => ({ kind: 'delay', ms: 400 })],
  ])('is exact when it %s', async (_, spoil) => {
    on.fake.spoil = spoil;
    const ran = await on.load();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it('B1: waits as long as it is asked to', async () => {
    on.fake.spoil = firstBulks(1, { kind: 'answer', status: 429, headers: { 'retry-after': '2' } });
    const { code, err } = await on.load();
    expect(code).toBe(0);
    expect(err).toContain('status 429; trying again in 2.0 s');
  });

  it('is not made to wait for ever', async () => {
    on.fake.spoil = () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '86400' } });
    const cluster = await connect({ url: on.fake.url });
    const documents = [{ index: 'kaudit-events-x-2026.03', id: 'a', json: '{}' }];
    const waits: number[] = [];
    const outcome = createDocuments(cluster, bulkBodyOfAll(documents), {
      patienceMs: 50,
      onRetry: (_, ms) => void waits.push(ms),
    });
    await expect(outcome).rejects.toMatchObject({ code: 'unreachable' });
    expect(Math.max(...waits)).toBeLessThan(30_000);
  });

  it.each<[string, (fake: FakeElasticsearch, asked: () => number) => void]>([
    [
      'an index is to be made',
      (server, asked) => {
        server.refuse = (method, path) =>
          method === 'PUT' && path.startsWith('/kaudit-events-') && asked() < 2 ? { status: 503 } : undefined;
      },
    ],
    [
      'what is stored is to be looked at',
      (server, asked) => {
        server.refuse = (_, path) => (path === '/_mget' && asked() < 2 ? { status: 429 } : undefined);
      },
    ],
    [
      'one stored document is to be looked at',
      (server, asked) => {
        server.unreadable = () => asked() === 0;
      },
    ],
    [
      'the result is to be made visible',
      (server, asked) => {
        server.refuse = (_, path) => (path.endsWith('/_refresh') && asked() < 2 ? { status: 503 } : undefined);
      },
    ],
  ])('is exact when it is away for a moment just when %s', async (_, arrange) => {
    let calls = 0;
    arrange(on.fake, () => calls++);
    // An answer that is lost makes it look at what is stored.
    on.fake.spoil = firstBulks(1, { kind: 'drop', when: 'after' });
    const ran = await on.load();
    expect(ran.code, ran.err).toBe(0);
    expect(calls).toBeGreaterThan(1);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length, variant: 0 });
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});

describe('B11: a load, with an answer whose items are not those that were asked for', () => {
  it.each<[string, Extract<BulkFault, { kind: 'list' }>['change']]>([
    ['one too few', (items) => items.slice(1)],
    ['one too many', (items) => [...items, ...items.slice(0, 1)]],
    ['none', () => []],
    ['in another order', (items) => items.toReversed()],
    ['without what they say', (items) => items.map(() => ({ create: {} }))],
    ['of another kind', (items) => items.map(() => 'created' as unknown as (typeof items)[number])],
  ])('does not believe it: %s', async (_, change) => {
    // Ten are there already, so that it matters which item is whose.
    await on.prepare(LINES.slice(0, 10));
    on.fake.spoil = ({ number }) => (number === 2 ? { kind: 'list', change } : undefined);
    const report = await on.prepare(LINES);
    expect(on.fake.requests.filter((request) => request === 'POST /_bulk').length).toBeGreaterThan(2);
    expect(report).toMatchObject({ created: LINES.length - 10, duplicate: 10, balanced: true });
    await expectExactly(on.target, NAMESPACE, LINES);
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it('does not give one document the fate of another', async () => {
    const cluster = await connect({ url: on.fake.url });
    const index = 'kaudit-events-x-2026.03';
    await ensureIndex(cluster, index, {});
    on.fake.put({ index, id: 'taken', source: {} });
    const documents = ['taken', 'new'].map((id) => ({ index, id, json: '{}' }));
    on.fake.spoil = firstBulks(1, { kind: 'list', change: (items) => items.toReversed() });
    expect(await createDocuments(cluster, bulkBodyOfAll(documents))).toMatchObject([
      { kind: 'conflict' },
      { kind: 'conflict' },
    ]);
  });
});
