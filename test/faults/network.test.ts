/** Faults between the loader and the server: N1 to N8 of the fault matrix. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, createDocuments, ensureIndex } from '../../src/elastic/index.ts';
import { bulkBodyOfAll } from '../support/bulk.ts';
import { kaudit } from '../support/cli.ts';
import { freshNamespace } from '../support/cluster.ts';
import { type BulkFault, type FakeElasticsearch, firstBulks } from '../support/fake-elasticsearch.ts';
import { useFakeTarget } from '../support/fake-target.ts';
import {
  envOf,
  eventLines,
  expectExactly,
  expectFreshEventPasses,
  fakeTarget,
  ledgerOf,
  type Target,
} from '../support/oracle.ts';
import { startLoad } from '../support/running-load.ts';
import { type ProxyMode, type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';

const LINES = eventLines(300);
const NAMESPACE = freshNamespace();

const on = useFakeTarget();
let proxy: TcpProxy;
/** The server, behind the proxy. */
let target: Target;

beforeEach(async () => {
  proxy = await tcpProxy(on.fake.url);
  target = fakeTarget(on.fake, proxy.url);
});
afterEach(() => proxy.close());

/** Loads all lines; they are created once, and a fresh event still goes in. */
async function expectExactLoad(): Promise<void> {
  const ran = await kaudit(['load', '-', '--namespace', NAMESPACE, '--json'], {
    env: envOf(target),
    input: LINES.join('\n'),
  });
  expect(ran.code, ran.err).toBe(0);
  expect(ledgerOf(ran)).toMatchObject({ read: LINES.length, created: LINES.length });
  await expectExactly(target, NAMESPACE, LINES);
  await expectFreshEventPasses(target, NAMESPACE);
}

/** Puts the network into a mode when the first bulk request has come, and out of it with the second. */
function duringFirstBulk(mode: ProxyMode): void {
  on.fake.spoil = ({ number }) => {
    if (number === 1) void proxy.setMode(mode);
    return number === 1 ? { kind: 'delay', ms: 50 } : undefined;
  };
}

describe('a load, through a network that fails', () => {
  it('N1 N8: waits, longer and longer, while nobody listens, and goes on', async () => {
    const running = startLoad(target, NAMESPACE);
    on.fake.spoil = ({ number }) => {
      if (number > 1) return undefined;
      void proxy.setMode({ kind: 'refuse' });
      return { kind: 'drop', when: 'before' };
    };
    await running.feed(LINES);
    const ended = running.end();
    await running.says(/no answer; trying again.*(\n.*)*no answer; trying again/);
    await proxy.setMode({ kind: 'pass' });
    const ran = await ended;
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
    await expectFreshEventPasses(target, NAMESPACE);
  });

  it.each<[string, FakeElasticsearch['spoil']]>([
    ['N2: stores and then resets the connection', firstBulks(1, { kind: 'drop', when: 'after' })],
    ['N2: stores and then resets the connection, twice', firstBulks(2, { kind: 'drop', when: 'after' })],
    ['N3: resets the connection before it has stored', firstBulks(2, { kind: 'drop', when: 'before' })],
    ['N4: stores and breaks off in the middle of its answer', firstBulks(1, { kind: 'drop', when: 'mid-answer' })],
    [
      'N4: stores and answers with JSON that breaks off',
      firstBulks(1, { kind: 'answer', status: 200, stored: true, body: '{"errors":false,"items":[{"crea' }),
    ],
    [
      'N7: stores, and a proxy answers with a page of its own',
      firstBulks(1, {
        kind: 'answer',
        status: 200,
        stored: true,
        headers: { 'content-type': 'text/html', 'x-elastic-product': '' },
        body: '<html>Back soon</html>',
      }),
    ],
    [
      'N7: does not store, and a proxy answers with a page of its own',
      firstBulks(2, { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }),
    ],
  ])('is exact when the server %s', async (_, spoil) => {
    on.fake.spoil = spoil;
    await expectExactLoad();
  });

  it.each<[string, ProxyMode]>([
    ['N3: cuts a request in the middle', { kind: 'cut', way: 'up', afterBytes: 20_000 }],
    ['N3: cuts a request right at its beginning', { kind: 'cut', way: 'up', afterBytes: 10 }],
    ['delivers everything late', { kind: 'delay', ms: 20 }],
    ['N6: delivers answers in small pieces', { kind: 'slice', bytes: 100 }],
  ])('is exact when the network %s', async (_, mode) => {
    const connected = on.fake.refuse;
    let isBad = false;
    // What comes before the documents is not retried, and its failure is told at once: see "a load that cannot begin".
    on.fake.refuse = (method, path) => {
      if (!isBad && path.startsWith('/kaudit-events-')) {
        isBad = true;
        void proxy.setMode(mode);
      }
      return connected(method, path);
    };
    await expectExactLoad();
  });

  it('N4: is exact when the network cuts the answer in the middle', async () => {
    duringFirstBulk({ kind: 'cut', way: 'down', afterBytes: 500 });
    await expectExactLoad();
  });

  it('is exact when the network resets every connection for a while', async () => {
    duringFirstBulk({ kind: 'reset' });
    const opened = setInterval(() => void proxy.setMode({ kind: 'pass' }), 500);
    await expectExactLoad().finally(() => clearInterval(opened));
  });
});

describe('a request that is never answered', () => {
  const documents = [{ index: 'kaudit-events-x-2026.03', id: 'a', json: '{"a":1}' }];

  it.each<[string, FakeElasticsearch['spoil']]>([
    ['N5: hangs', firstBulks(1, { kind: 'hang' })],
    ['N5: hangs with all stored', firstBulks(1, { kind: 'hang', stored: true })],
    // Each byte is a sign of life: only a limit for the whole answer ends it.
    ['N6: drips a byte at a time', firstBulks(1, { kind: 'drip', ms: 100 })],
  ])('is given up at the deadline and sent again, when it %s', async (_, spoil) => {
    on.fake.spoil = spoil;
    const cluster = await connect({ url: proxy.url, requestTimeoutMs: 400 });
    await ensureIndex(cluster, 'kaudit-events-x-2026.03', {});
    const [outcome] = await createDocuments(cluster, bulkBodyOfAll(documents));
    expect(['created', 'conflict']).toContain(outcome?.kind);
    expect(on.fake.requests.filter((request) => request === 'POST /_bulk')).toHaveLength(2);
    expect(on.fake.documents('kaudit-events-x')).toHaveLength(1);
  });

  it('N5: is sent again when the connection is half open', async () => {
    const cluster = await connect({ url: proxy.url, requestTimeoutMs: 400 });
    await ensureIndex(cluster, 'kaudit-events-x-2026.03', {});
    await proxy.setMode({ kind: 'black-hole' });
    const outcomes = createDocuments(cluster, bulkBodyOfAll(documents), {
      onRetry: () => void proxy.setMode({ kind: 'pass' }),
    });
    expect(await outcomes).toEqual([{ kind: 'created' }]);
  });
});

describe('a request of many bytes', () => {
  // Each of these is an error of the client, which once was copied byte by byte.
  it.each<[string, BulkFault]>([
    ['the connection breaks', { kind: 'drop', when: 'before' }],
    ['the server refuses it for a while', { kind: 'answer', status: 429 }],
    ['the answer is no JSON', { kind: 'answer', status: 200, body: '{' }],
  ])('costs no more than its bytes when %s', async (_, fault) => {
    on.fake.spoil = firstBulks(3, fault);
    const cluster = await connect({ url: proxy.url });
    await ensureIndex(cluster, 'kaudit-events-x-2026.03', {});
    const before = process.memoryUsage().rss;
    const large = { index: 'kaudit-events-x-2026.03', id: 'a', json: JSON.stringify({ a: 'x'.repeat(8_000_000) }) };
    expect(await createDocuments(cluster, bulkBodyOfAll([large]))).toMatchObject([{ kind: 'created' }]);
    expect((process.memoryUsage().rss - before) / large.json.length).toBeLessThan(50);
  });
});

describe('a connection', () => {
  it('is tried once more when the first gets no answer: its end may have gone unheard', async () => {
    await proxy.setMode({ kind: 'black-hole' });
    const cluster = connect({ url: proxy.url });
    while (proxy.bytesUp() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await proxy.setMode({ kind: 'pass' });
    expect(await cluster).toMatchObject({ kind: 'external' });
    expect(proxy.connections()).toBeGreaterThan(1);
  });

  it('is given up at the deadline also before it is there: the other side never begins with TLS', async () => {
    await proxy.setMode({ kind: 'black-hole' });
    const url = proxy.url.replace('http:', 'https:');
    await expect(connect({ url, requestTimeoutMs: 300 })).rejects.toThrow('it took longer than 0.3 s');
  });
});

describe('a load that cannot begin', () => {
  it.each<[string, ProxyMode, RegExp]>([
    ['nobody listens', { kind: 'refuse' }, /No answer from .*ECONNREFUSED/],
    ['every connection is reset', { kind: 'reset' }, /No answer from/],
  ])('says so at once when %s', async (_, mode, message) => {
    await proxy.setMode(mode);
    const ran = await kaudit(['load', '-', '--json'], { env: envOf(target), input: LINES.join('\n') });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(message);
    expect(ran.err).toContain('Check ELASTICSEARCH_URL');
    expect(ran.err).not.toContain('    at ');
  });
});
