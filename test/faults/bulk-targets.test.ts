/** Servers that change under a load: B13, B14, B16 of the fault matrix. */
import { describe, expect, it } from 'vitest';
import { type FakeElasticsearch, firstBulks } from '../support/fake-elasticsearch.ts';
import type { ItemFault } from '../support/fake-store.ts';
import { answering, LINES, lineOf, NAMESPACE, useFake } from '../support/loading.ts';
import { expectExactly, ledgerOf } from '../support/oracle.ts';

const on = useFake();

/** Every third document fails in the first bulk requests, so many of them. */
function everyThird(times: number, fault: ItemFault): FakeElasticsearch['spoil'] {
  return firstBulks(times, { kind: 'items', of: (document) => (lineOf(document) % 3 === 0 ? fault : undefined) });
}

describe('B14: a load, with credentials that end in the middle of it', () => {
  it.each([
    [401, {}, 'does not accept these credentials'],
    [
      403,
      { error: { type: 'security_exception', reason: 'action [indices:data/write/bulk] is unauthorized' } },
      'is unauthorized',
    ],
  ])('stops with a sentence, and loses nothing: %i', async (code, body, message) => {
    on.fake.spoil = () => answering(code, body);
    const ran = await on.load();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain(message);
    expect(ran.err).not.toContain('    at ');
    on.fake.spoil = () => undefined;
    expect(await on.prepare(LINES)).toMatchObject({ read: LINES.length, balanced: true });
    await expectExactly(on.target, NAMESPACE, LINES);
  });

  it('names the privilege when single documents are refused for lack of it', async () => {
    on.fake.spoil = everyThird(1, { status: 403, type: 'security_exception' });
    const ran = await on.load();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('create_doc');
    await on.prepare(LINES);
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});

describe('B13: a load, whose index is deleted in the middle of it', () => {
  it('stops with a sentence, and the next load is whole', async () => {
    let deleted = false;
    on.fake.spoil = () => {
      if (!deleted) on.fake.deleteIndices();
      deleted = true;
      return undefined;
    };
    const ran = await on.load();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('An index went away');
    expect(await on.prepare(LINES)).toMatchObject({ created: LINES.length });
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});

describe('a load, whose index is closed', () => {
  it('stops with the way to open it, and the next load is whole', async () => {
    on.fake.spoil = everyThird(1, { status: 400, type: 'index_closed_exception' });
    const ran = await on.load();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/The index kaudit-events-\S+ .* is closed/);
    expect(ran.err).toMatch(/kaudit api POST \/kaudit-events-\S+\/_open\b.*run the same command again/);
    expect(await on.prepare(LINES)).toMatchObject({ read: LINES.length, quarantined: 0, balanced: true });
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});

describe('B16: a load, of an event whose id another content has', () => {
  it('keeps both, counts a variant, and says duplicate the next time', async () => {
    const [first = ''] = LINES;
    await on.prepare([first]);
    const other = JSON.stringify({ ...JSON.parse(first), userAgent: 'something else' });
    expect(await on.prepare([other])).toMatchObject({ created: 0, variant: 1 });
    expect(ledgerOf(await on.load([other, first]))).toMatchObject({ created: 0, duplicate: 2 });
    const agents = (await on.target.stored(NAMESPACE)).map((source) => source['userAgent']);
    expect(agents).toHaveLength(2);
    expect(agents).toContain('something else');
  });

  it('counts a variant once when its answer is lost', async () => {
    const [first = ''] = LINES;
    await on.prepare([first]);
    const other = JSON.stringify({ ...JSON.parse(first), userAgent: 'something else' });
    on.fake.spoil = ({ body }) =>
      body.includes('kaudit-variants-') && isFirstVariant() ? { kind: 'drop', when: 'after' } : undefined;
    let variants = 0;
    const isFirstVariant = (): boolean => variants++ === 0;
    expect(ledgerOf(await on.load([other]))).toMatchObject({ variant: 1 });
    expect(await on.target.stored(NAMESPACE)).toHaveLength(2);
    expect(variants).toBe(2);
  });
});
