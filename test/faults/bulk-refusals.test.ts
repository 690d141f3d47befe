/** What a server does not take: B5, B7, B8, B10 of the fault matrix. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BulkFault, BulkRequest, FakeElasticsearch } from '../support/fake-elasticsearch.ts';
import { fieldOf } from '../support/field.ts';
import { answering, LINES, lineOf, NAMESPACE, useFake } from '../support/loading.ts';
import { expectExactly, expectFreshEventPasses, ledgerOf } from '../support/oracle.ts';

const on = useFake();

describe('B7: a load, into a server that takes small requests only', () => {
  const tooLargeOver =
    (limit: number): FakeElasticsearch['spoil'] =>
    ({ body }: BulkRequest) =>
      body.length > limit ? answering(413) : undefined;

  it('halves its requests until they fit', async () => {
    on.fake.spoil = tooLargeOver(20_000);
    const ran = await on.load();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it('quarantines the one event that never fits', async () => {
    const huge = JSON.stringify({ ...JSON.parse(LINES[7] ?? ''), requestObject: { note: 'x'.repeat(60_000) } });
    on.fake.spoil = tooLargeOver(50_000);
    const ran = await on.load(LINES.map((line, at) => (at === 7 ? huge : line)));
    expect(ran.code, ran.err).toBe(3);
    const { created, quarantined, quarantineFile } = ledgerOf(ran);
    expect({ created, quarantined }).toEqual({ created: LINES.length - 1, quarantined: 1 });
    expect(readFileSync(quarantineFile ?? '', 'utf8')).toContain('larger than the server takes');
    await expectExactly(
      on.target,
      NAMESPACE,
      LINES.filter((_, at) => at !== 7),
    );
  });
});

describe('B5: a load, into a server that has room for small requests only', () => {
  it.each<[string, BulkFault]>([
    ['asks to try later', answering(429, { error: { type: 'es_rejected_execution_exception' } })],
    ['breaks the connection', { kind: 'drop', when: 'before' }],
  ])('makes them small, when it %s', async (_, fault) => {
    on.fake.spoil = ({ body }) => (body.length > 100_000 ? fault : undefined);
    const ran = await on.load();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});

describe('B8: a load, with documents that spoil a whole request', () => {
  it.each([[1], [2], [5]])('finds %i of them, and quarantines only those', async (poisoned) => {
    const poison = LINES.slice(20, 20 + poisoned).map((line) => fieldOf(JSON.parse(line), 'auditID'));
    const among = LINES.filter((line) => poison.includes(fieldOf(JSON.parse(line), 'auditID')));
    on.fake.spoil = ({ body }) =>
      poison.some((id) => body.includes(`"auditID":"${id}"`)) ? answering(400) : undefined;
    const ran = await on.load();
    expect(ran.code, ran.err).toBe(3);
    expect(ledgerOf(ran)).toMatchObject({
      created: LINES.length - among.length,
      quarantined: among.length,
    });
    await expectExactly(
      on.target,
      NAMESPACE,
      LINES.filter((line) => !among.includes(line)),
    );
    await expectFreshEventPasses(on.target, NAMESPACE);
  });

  it('quarantines all of several, when the server takes other requests', async () => {
    on.fake.spoil = ({ body }) => (body.includes('"auditID"') ? answering(400) : undefined);
    const ran = await on.load(LINES.slice(0, 3));
    expect(ran.code, ran.err).toBe(3);
    expect(ledgerOf(ran)).toMatchObject({ created: 0, quarantined: 3 });
  });

  it('blames nobody when the server takes no request at all', async () => {
    on.fake.spoil = () => answering(400);
    const ran = await on.load();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('refuses every bulk request');
  });

  it('finds out at once that the server takes no request at all', async () => {
    on.fake.spoil = () => answering(400);
    await expect(on.prepare(LINES)).rejects.toMatchObject({ code: 'server-refused' });
    // The first, and the question whether it reads any.
    expect(on.fake.requests.filter((request) => request === 'POST /_bulk')).toHaveLength(2);
  });

  it.each([[{ kind: 'drop', when: 'before' } as const], [answering(503)]])(
    'blames nobody, nor the server, while the question has no answer: %j',
    async (fault) => {
      const [poison = ''] = LINES.slice(20).map((line) => String(fieldOf(JSON.parse(line), 'auditID')));
      on.fake.spoil = ({ number, body }) => {
        if (number === 2) return fault;
        return body.includes(`"auditID":"${poison}"`) ? answering(400) : undefined;
      };
      const among = LINES.filter((line) => fieldOf(JSON.parse(line), 'auditID') === poison);
      expect(await on.prepare(LINES)).toMatchObject({
        created: LINES.length - among.length,
        quarantined: among.length,
      });
    },
  );
});

describe('B10: a load, into what redirects documents to a failure store', () => {
  it('counts none of them as created', async () => {
    on.fake.spoil = () => ({ kind: 'failure-store', of: (document) => lineOf(document) % 10 === 0 });
    const ran = await on.load();
    expect(ran.code, ran.err).toBe(3);
    const { created, quarantined, quarantineFile } = ledgerOf(ran);
    expect({ created, quarantined }).toEqual({ created: 180, quarantined: 20 });
    expect(readFileSync(quarantineFile ?? '', 'utf8')).toContain('failure store');
    expect(await on.target.stored(NAMESPACE)).toHaveLength(180);
  });
});
