/** What a server answers to documents, or does not: B1, B2, B7, B8, B10, B11, B14, B16, B17 of the fault matrix. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, createDocuments, ensureIndex } from '../../src/elastic/index.ts';
import { kaudit, type Ran } from '../support/cli.ts';
import { freshNamespace } from '../support/cluster.ts';
import {
  type BulkFault,
  type BulkRequest,
  type FakeDocument,
  type FakeElasticsearch,
  fakeElasticsearch,
  firstBulks,
  type ItemFault,
} from '../support/fake-elasticsearch.ts';
import { fieldOf } from '../support/field.ts';
import {
  envOf,
  eventLines,
  expectExactly,
  expectFreshEventPasses,
  fakeTarget,
  ledgerOf,
  type Target,
} from '../support/oracle.ts';

const LINES = eventLines(200, 2);
const NAMESPACE = freshNamespace();

let fake: FakeElasticsearch;
let target: Target;

beforeEach(async () => {
  fake = await fakeElasticsearch();
  target = fakeTarget(fake);
});
afterEach(() => fake.close());

const home = (): string => mkdtempSync(join(tmpdir(), 'kaudit-home-'));

function loadLines(lines: readonly string[] = LINES): Promise<Ran> {
  return kaudit(['load', '-', '--namespace', NAMESPACE, '--json'], {
    env: { ...envOf(target), KAUDIT_HOME: home() },
    input: lines.join('\n'),
  });
}

const nth = ({ source }: FakeDocument): number =>
  LINES.findIndex((line) => line.includes(String(source['auditID'])) && line.includes(`"stage":"${source['stage']}"`));

/** Every third document fails in the first bulk requests, so many of them. */
function everyThird(times: number, fault: ItemFault): FakeElasticsearch['spoil'] {
  return firstBulks(times, { kind: 'items', of: (document) => (nth(document) % 3 === 0 ? fault : undefined) });
}

const status = (code: number, body: object = {}): BulkFault => ({
  kind: 'answer',
  status: code,
  body: JSON.stringify(body),
});

describe('a load, into a server that is busy, blocked or half there', () => {
  it.each<[string, FakeElasticsearch['spoil']]>([
    ['B1: refuses some documents for a while', everyThird(3, { status: 429, type: 'es_rejected_execution_exception' })],
    ['B2: loses a shard for a moment', everyThird(1, { status: 503, type: 'unavailable_shards_exception' })],
    [
      'B2: stores on a shard whose answer is lost',
      everyThird(1, { status: 503, type: 'unavailable_shards_exception', stored: true }),
    ],
    ['B2: fails inside, having stored', everyThird(1, { status: 500, type: 'exception', stored: true })],
    ['B3: has a write block', everyThird(2, { status: 403, type: 'cluster_block_exception' })],
    [
      'B3: has a block on the whole cluster',
      firstBulks(2, status(403, { error: { type: 'cluster_block_exception' } })),
    ],
    ['B4: is beyond the flood stage', everyThird(2, { status: 429, type: 'cluster_block_exception' })],
    ['B6: trips its circuit breaker', firstBulks(2, status(429, { error: { type: 'circuit_breaking_exception' } }))],
    ['is behind a gateway that fails', firstBulks(2, { kind: 'answer', status: 502, body: '<html>bad</html>' })],
    ['is behind a gateway that gives up, having stored', firstBulks(1, { kind: 'answer', status: 504, stored: true })],
    ['is behind a gateway that has waited too long', firstBulks(1, { kind: 'answer', status: 408, stored: true })],
    ['B17: takes its time', () => ({ kind: 'delay', ms: 400 })],
  ])('is exact when it %s', async (_, spoil) => {
    fake.spoil = spoil;
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
    await expectFreshEventPasses(target, NAMESPACE);
  });

  it('B1: waits as long as it is asked to', async () => {
    fake.spoil = firstBulks(1, { kind: 'answer', status: 429, headers: { 'retry-after': '2' } });
    const { code, err } = await loadLines();
    expect(code).toBe(0);
    expect(err).toContain('status 429; trying again in 2.0 s');
  });

  it('is not made to wait for ever', async () => {
    fake.spoil = () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '86400' } });
    const cluster = await connect({ url: fake.url });
    const documents = [{ index: 'kaudit-events-x-2026.03', id: 'a', json: '{}' }];
    const waits: number[] = [];
    const outcome = createDocuments(cluster, documents, { patienceMs: 50, onRetry: (_, ms) => void waits.push(ms) });
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
    arrange(fake, () => calls++);
    // An answer that is lost makes it look at what is stored.
    fake.spoil = firstBulks(1, { kind: 'drop', when: 'after' });
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(0);
    expect(calls).toBeGreaterThan(1);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length, variant: 0 });
    await expectExactly(target, NAMESPACE, LINES);
  });
});

describe('B7: a load, into a server that takes small requests only', () => {
  const tooLargeOver =
    (limit: number): FakeElasticsearch['spoil'] =>
    ({ body }: BulkRequest) =>
      body.length > limit ? status(413) : undefined;

  it('halves its requests until they fit', async () => {
    fake.spoil = tooLargeOver(20_000);
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
    await expectFreshEventPasses(target, NAMESPACE);
  });

  it('quarantines the one event that never fits', async () => {
    const huge = JSON.stringify({ ...JSON.parse(LINES[7] ?? ''), requestObject: { note: 'x'.repeat(60_000) } });
    fake.spoil = tooLargeOver(50_000);
    const ran = await loadLines(LINES.map((line, at) => (at === 7 ? huge : line)));
    expect(ran.code, ran.err).toBe(3);
    const { created, quarantined, quarantineFile } = ledgerOf(ran);
    expect({ created, quarantined }).toEqual({ created: LINES.length - 1, quarantined: 1 });
    expect(readFileSync(quarantineFile ?? '', 'utf8')).toContain('larger than the server takes');
    await expectExactly(
      target,
      NAMESPACE,
      LINES.filter((_, at) => at !== 7),
    );
  });
});

describe('B5: a load, into a server that has room for small requests only', () => {
  it.each<[string, BulkFault]>([
    ['asks to try later', status(429, { error: { type: 'es_rejected_execution_exception' } })],
    ['breaks the connection', { kind: 'drop', when: 'before' }],
  ])('makes them small, when it %s', async (_, fault) => {
    fake.spoil = ({ body }) => (body.length > 100_000 ? fault : undefined);
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
  });
});

describe('B8: a load, with documents that spoil a whole request', () => {
  it.each([[1], [2], [5]])('finds %i of them, and quarantines only those', async (poisoned) => {
    const poison = LINES.slice(20, 20 + poisoned).map((line) => fieldOf(JSON.parse(line), 'auditID'));
    const among = LINES.filter((line) => poison.includes(fieldOf(JSON.parse(line), 'auditID')));
    fake.spoil = ({ body }) => (poison.some((id) => body.includes(`"auditID":"${id}"`)) ? status(400) : undefined);
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(3);
    expect(ledgerOf(ran)).toMatchObject({
      created: LINES.length - among.length,
      quarantined: among.length,
    });
    await expectExactly(
      target,
      NAMESPACE,
      LINES.filter((line) => !among.includes(line)),
    );
    await expectFreshEventPasses(target, NAMESPACE);
  });

  it('quarantines all of several, when the server takes other requests', async () => {
    fake.spoil = ({ body }) => (body.includes('"auditID"') ? status(400) : undefined);
    const ran = await loadLines(LINES.slice(0, 3));
    expect(ran.code, ran.err).toBe(3);
    expect(ledgerOf(ran)).toMatchObject({ created: 0, quarantined: 3 });
  });

  it('blames nobody when the server takes no request at all', async () => {
    fake.spoil = () => status(400);
    const ran = await loadLines();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('refuses every bulk request');
  });
});

describe('B10: a load, into what redirects documents to a failure store', () => {
  it('counts none of them as created', async () => {
    fake.spoil = () => ({ kind: 'failure-store', of: (document) => nth(document) % 10 === 0 });
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(3);
    const { created, quarantined, quarantineFile } = ledgerOf(ran);
    expect({ created, quarantined }).toEqual({ created: 180, quarantined: 20 });
    expect(readFileSync(quarantineFile ?? '', 'utf8')).toContain('failure store');
    expect(await target.stored(NAMESPACE)).toHaveLength(180);
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
    await loadLines(LINES.slice(0, 10));
    fake.spoil = ({ number }) => (number === 2 ? { kind: 'list', change } : undefined);
    const ran = await loadLines();
    expect(ran.code, ran.err).toBe(0);
    expect(ran.err).toContain('an answer to something else');
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length - 10, duplicate: 10 });
    await expectExactly(target, NAMESPACE, LINES);
    await expectFreshEventPasses(target, NAMESPACE);
  });

  it('does not give one document the fate of another', async () => {
    const cluster = await connect({ url: fake.url });
    const index = 'kaudit-events-x-2026.03';
    await ensureIndex(cluster, index, undefined);
    fake.put({ index, id: 'taken', source: {} });
    const documents = ['taken', 'new'].map((id) => ({ index, id, json: '{}' }));
    fake.spoil = firstBulks(1, { kind: 'list', change: (items) => items.toReversed() });
    expect(await createDocuments(cluster, documents)).toMatchObject([
      { kind: 'conflict' },
      { kind: 'conflict', resent: true },
    ]);
  });
});

describe('B14: a load, with credentials that end in the middle of it', () => {
  it.each([
    [401, {}, 'does not accept these credentials'],
    [
      403,
      { error: { type: 'security_exception', reason: 'action [indices:data/write/bulk] is unauthorized' } },
      'is unauthorized',
    ],
  ])('stops with a sentence, and loses nothing: %i', async (code, body, message) => {
    fake.spoil = () => status(code, body);
    const ran = await loadLines();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain(message);
    expect(ran.err).not.toContain('    at ');
    fake.spoil = () => undefined;
    expect(ledgerOf(await loadLines())).toMatchObject({ read: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
  });

  it('names the privilege when single documents are refused for lack of it', async () => {
    fake.spoil = everyThird(1, { status: 403, type: 'security_exception' });
    const ran = await loadLines();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('create_doc');
    await loadLines();
    await expectExactly(target, NAMESPACE, LINES);
  });
});

describe('B13: a load, whose index is deleted in the middle of it', () => {
  it('stops with a sentence, and the next load is whole', async () => {
    let deleted = false;
    fake.spoil = () => {
      if (!deleted) fake.deleteIndices();
      deleted = true;
      return undefined;
    };
    const ran = await loadLines();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('An index went away');
    expect(ledgerOf(await loadLines())).toMatchObject({ created: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
  });
});

describe('B16: a load, of an event whose id another content has', () => {
  it('keeps both, counts a variant, and says duplicate the next time', async () => {
    const [first = ''] = LINES;
    await loadLines([first]);
    const other = JSON.stringify({ ...JSON.parse(first), userAgent: 'something else' });
    expect(ledgerOf(await loadLines([other]))).toMatchObject({ created: 0, variant: 1 });
    expect(ledgerOf(await loadLines([other, first]))).toMatchObject({ created: 0, duplicate: 2 });
    const agents = (await target.stored(NAMESPACE)).map((source) => source['userAgent']);
    expect(agents).toHaveLength(2);
    expect(agents).toContain('something else');
  });

  it('counts a variant once when its answer is lost', async () => {
    const [first = ''] = LINES;
    await loadLines([first]);
    const other = JSON.stringify({ ...JSON.parse(first), userAgent: 'something else' });
    fake.spoil = ({ body }) =>
      body.includes('kaudit-variants-') && isFirstVariant() ? { kind: 'drop', when: 'after' } : undefined;
    let variants = 0;
    const isFirstVariant = (): boolean => variants++ === 0;
    expect(ledgerOf(await loadLines([other]))).toMatchObject({ variant: 1 });
    expect(await target.stored(NAMESPACE)).toHaveLength(2);
    expect(variants).toBe(2);
  });
});
