import { describe, expect, it } from 'vitest';
import { BATCH_BYTES } from '../../src/load/batch.ts';
import { FileLedger } from '../../src/load/ledger.ts';
import { openOutbox } from '../../src/load/outbox.ts';
import { openWindow } from '../../src/load/window.ts';

const segment = new FileLedger('a').read();
const destination = { index: 'i', id: 'a', segment, degraded: undefined };
const document = { event: Buffer.alloc(1024 * 1024, 'x'), added: '}' };
const window = () => openWindow({ step: BATCH_BYTES, most: 2 * BATCH_BYTES });

describe('the outbox', () => {
  it('delivers everything, as much at a time as the window admits', async () => {
    let underWay = 0;
    let most = 0;
    let delivered = 0;
    const outbox = openOutbox(async ({ bytes, documents }) => {
      underWay += bytes.length;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay -= bytes.length;
      delivered += documents.length;
    }, window());
    for (let count = 0; count < 100; count += 1) if (outbox.add(document, destination)) await outbox.room();
    await outbox.finish();
    expect(delivered).toBe(100);
    expect(most).toBeLessThanOrEqual(2 * BATCH_BYTES);
  });

  it('tells who reads on that a delivery has failed', async () => {
    const outbox = openOutbox(() => Promise.reject(new Error('no right')), window());
    let told: unknown;
    for (let count = 0; count < 60 && told === undefined; count += 1) {
      if (outbox.add(document, destination)) await outbox.room().catch((error: unknown) => (told = error));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toMatchObject({ message: 'no right' });
  });
});
