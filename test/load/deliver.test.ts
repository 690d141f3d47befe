import { describe, expect, it } from 'vitest';
import { documentOf } from '../../src/audit/document.ts';
import { eventsIndex, variantsIndex } from '../../src/audit/indices.ts';
import { type Batch, batchesOf } from '../../src/load/batch.ts';
import { type Delivery, deliverBatch } from '../../src/load/deliver.ts';
import { openTally, type Store } from '../../src/load/index.ts';
import { FileLedger } from '../../src/load/ledger.ts';
import { CONTEXT, rawEvent } from '../support/events.ts';
import { documentsIn, memoryStore } from '../support/memory-store.ts';

const INDEX = eventsIndex(CONTEXT.namespace, '2026.03');

function deliveryTo(store: Store): Delivery {
  return {
    store,
    context: CONTEXT,
    quarantine: {
      add: async () => {},
      sync: async () => {},
      file: () => undefined,
      earlierFiles: () => [],
      close: async () => {},
    },
    rejections: openTally(),
    ready: new Map(),
    onRefusal: () => {},
    onIndex: async () => {},
  };
}

let places = 0;

/** One event in a batch, counted in the ledger; always with the same id, and from a place of its own. */
function batchOf(ledger: FileLedger, userAgent: string, spelt = (event: object) => JSON.stringify(event)): Batch {
  places += 1;
  const text = spelt(rawEvent({ userAgent }));
  const candidate = { text, origin: { file: 'audit.log', offset: places, format: 'Event' } };
  const result = documentOf(candidate, JSON.parse(text), CONTEXT);
  if (result.kind === 'rejected') throw new Error(result.reason);
  const destination = { index: INDEX, id: 'same', segment: ledger.read(), degraded: undefined };
  const [batch] = batchesOf([[result.document, destination]]);
  if (batch === undefined) throw new Error('one document is a batch');
  return batch;
}

describe('the delivery of batches', () => {
  it('makes sure of each index once, also of the one for variants', async () => {
    const ensured: string[] = [];
    const store = memoryStore({ ensureIndex: async (index) => void ensured.push(index) });
    const delivery = deliveryTo(store);
    const ledger = new FileLedger('audit.log');
    for (const agent of ['first', 'second', 'third']) await deliverBatch(delivery, batchOf(ledger, agent));
    expect(ledger.report()).toMatchObject({ read: 3, created: 1, variant: 2, balanced: true });
    expect(ensured).toEqual([INDEX, variantsIndex(CONTEXT.namespace)]);
  });

  it('knows a variant again however it is spelt', async () => {
    const store = memoryStore();
    const delivery = deliveryTo(store);
    const ledger = new FileLedger('audit.log');
    const reversed = (event: object): string => JSON.stringify(Object.fromEntries(Object.entries(event).reverse()));
    const spaced = (event: object): string => JSON.stringify(event, undefined, 1).replaceAll('\n', '');
    await deliverBatch(delivery, batchOf(ledger, 'first'));
    for (const spelt of [undefined, reversed, spaced]) await deliverBatch(delivery, batchOf(ledger, 'second', spelt));
    expect(ledger.report()).toMatchObject({ read: 4, created: 1, variant: 1, duplicate: 2, balanced: true });
    expect(store.documents.size).toBe(2);
  });

  it('counts as created, or as a variant, what a server has stored and then tried again by itself', async () => {
    const { create, ...rest } = memoryStore();
    const trying: Store = {
      ...rest,
      create: async (body) => {
        await create(body);
        return await create(body);
      },
    };
    const ledger = new FileLedger('audit.log');
    for (const agent of ['first', 'second', 'second']) await deliverBatch(deliveryTo(trying), batchOf(ledger, agent));
    expect(ledger.report()).toMatchObject({ read: 3, created: 1, variant: 1, duplicate: 1, balanced: true });
  });

  it('uses the memory of what was refused again', async () => {
    const used = new Set<ArrayBufferLike>();
    const { create, ...rest } = memoryStore();
    const store: Store = {
      ...rest,
      create: async (body) => {
        const isFallback = documentsIn(body).every(([, source]) => JSON.stringify(source).includes('"raw"'));
        if (!isFallback) return body.documents.map(() => ({ kind: 'refused', reason: 'mapping' }));
        used.add(body.bytes.buffer);
        return await create(body);
      },
    };
    const delivery = deliveryTo(store);
    const ledger = new FileLedger('audit.log');
    const batches = Array.from({ length: 20 }, () => batchOf(ledger, 'curl'));
    for (const batch of batches) await deliverBatch(delivery, batch);
    expect(ledger.report()).toMatchObject({ read: 20, created: 1, degraded: 1, duplicate: 19, balanced: true });
    expect(used.size).toBe(1);
  });
});
