/** A request that fails for what one of its documents holds, as a proxy may do that looks into them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Cluster, connect, createDocuments, ensureIndex } from '../../src/elastic/index.ts';
import { bulkBodyOfAll } from '../support/bulk.ts';
import type { BulkFault } from '../support/fake-elasticsearch.ts';
import { useFakeTarget } from '../support/fake-target.ts';

const on = useFakeTarget();
const INDEX = 'kaudit-events-x-2026.03';
const DOCUMENTS = Array.from({ length: 1000 }, (_, at) => ({ index: INDEX, id: `id-${at}`, json: `{"number":${at}}` }));
const PATIENCE_MS = 500;
const DROPPED: BulkFault = { kind: 'drop', when: 'before' };

let cluster: Cluster;
beforeEach(async () => {
  cluster = await connect({ url: on.fake.url });
  await ensureIndex(cluster, INDEX, {});
  // The shortest waits, so that patience ends soon.
  vi.spyOn(Math, 'random').mockReturnValue(0.01);
});
afterEach(() => void vi.restoreAllMocks());

function failOn(numbers: readonly number[], fault: BulkFault): void {
  on.fake.spoil = ({ body }) => (numbers.some((number) => body.includes(`{"number":${number}}`)) ? fault : undefined);
}

const createAll = (): Promise<unknown> =>
  createDocuments(cluster, bulkBodyOfAll(DOCUMENTS), { patienceMs: PATIENCE_MS });

describe('a batch, with one document whose requests always fail', () => {
  it.each<[string, number, BulkFault]>([
    ['no answer', 10, DROPPED],
    ['no answer', 0, DROPPED],
    ['no answer', 999, DROPPED],
    ['status 502', 500, { kind: 'answer', status: 502 }],
  ])('stores all others, and names it: %s, number %i', async (reason, number, fault) => {
    failOn([number], fault);
    await expect(createAll()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(new RegExp(`${reason}, for one document .*\\bid-${number} of ${INDEX}\\b`)),
      hint: expect.stringContaining('proxy'),
    });
    expect(on.fake.documents(INDEX)).toHaveLength(DOCUMENTS.length - 1);
    expect(on.fake.documents(INDEX).map(({ id }) => id)).not.toContain(`id-${number}`);
  });

  it('stores all when it passes in the end', async () => {
    failOn([10], DROPPED);
    const { spoil } = on.fake;
    on.fake.spoil = (request) => (request.number <= 25 ? spoil(request) : undefined);
    await createAll();
    expect(on.fake.documents(INDEX)).toHaveLength(DOCUMENTS.length);
  });
});

describe('a batch, with several documents whose requests always fail', () => {
  it.each([
    ['apart', [10, 400, 700]],
    ['side by side', [10, 11, 12]],
    ['many', Array.from({ length: 40 }, (_, at) => at * 25)],
  ])('stores all others, and names one: %s', async (_, numbers) => {
    failOn(numbers, DROPPED);
    await expect(createAll()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(new RegExp(`for ${numbers.length} documents .*\\bid-(${numbers.join('|')}) of`)),
    });
    expect(on.fake.documents(INDEX)).toHaveLength(DOCUMENTS.length - numbers.length);
  });
});

describe('a batch, of which nothing passes', () => {
  it('blames no document', async () => {
    on.fake.spoil = () => DROPPED;
    await expect(createAll()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/no answer, for 1000 documents\.$/),
      hint: expect.stringMatching(/^When the server is well again/),
    });
  });

  it('blames no document when the server goes away half-way', async () => {
    on.fake.spoil = ({ number, body }) => (number > 3 || body.includes('{"number":0}') ? DROPPED : undefined);
    await expect(createAll()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/no answer, for \d+ documents\.$/),
    });
  });
});
