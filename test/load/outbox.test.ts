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

  it('tells at once that a delivery has failed, also when nobody waits for room', async () => {
    let failures = 0;
    const outbox = openOutbox(() => Promise.reject(new Error('no right')), window(), { failed: () => (failures += 1) });
    outbox.add(document, destination);
    await expect(outbox.flush()).rejects.toThrow('no right');
    expect(failures).toBe(1);
    await expect(outbox.finish()).rejects.toThrow('no right');
  });

  it('does not count what is done behind a delivery as the time of the server', async () => {
    const elapsed: number[] = [];
    const leave = (_: number, elapsedMs: number): void => void elapsed.push(elapsedMs);
    const delivered = () => new Promise<void>((resolve) => setTimeout(resolve, 200));
    const outbox = openOutbox(() => Promise.resolve(), { ...window(), leave }, { delivered });
    outbox.add(document, destination);
    await outbox.finish();
    expect(elapsed).toEqual([expect.any(Number)]);
    expect(elapsed[0]).toBeLessThan(200);
  });
});
