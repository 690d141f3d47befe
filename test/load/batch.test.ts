import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH_BYTES, BatchWriter, batchesOf, type Destination, textOf } from '../../src/load/batch.ts';
import { FileLedger } from '../../src/load/ledger.ts';
import { addressOf } from '../../src/shared/bulk.ts';

const segment = new FileLedger('a').read();
const destination = (id: string, index = 'kaudit-events-default-2026.03'): Destination => ({
  index,
  id,
  segment,
  degraded: undefined,
});

const documents = fc.array(
  fc.record({
    event: fc.string({ unit: 'grapheme' }),
    asBytes: fc.boolean(),
    added: fc.string({ unit: 'grapheme' }),
    id: fc.stringMatching(/^[\w~-]{1,63}$/),
  }),
  { minLength: 1 },
);

describe('a batch', () => {
  it('gives back what was written, and where it goes', () => {
    fc.assert(
      fc.property(documents, (list) => {
        const [batch] = batchesOf(
          list.map(({ event, asBytes, added, id }) => [
            { event: asBytes ? Buffer.from(event) : event, added },
            destination(id),
          ]),
        );
        expect(batch?.documents).toHaveLength(list.length);
        for (const [at, entry] of batch?.documents.entries() ?? []) {
          const { event, added, id } = list[at] ?? {};
          if (batch === undefined) continue;
          expect(textOf(batch, entry)).toEqual({ event, added });
          expect(addressOf(batch, entry)).toEqual({ index: 'kaudit-events-default-2026.03', id });
          expect(entry.start).toBe(batch.documents[at - 1]?.end ?? 0);
        }
        expect(batch?.bytes.at(-1)).toBe(10);
      }),
    );
  });

  it('is full before it is larger than a request should be', () => {
    const writer = new BatchWriter();
    const document = { event: Buffer.alloc(1_000_000, 'x'), added: '}' };
    let written = 0;
    while (writer.add(document, destination(`${written}`))) written += 1;
    const batch = writer.take();
    expect(batch.documents).toHaveLength(written);
    expect(batch.bytes.length).toBeGreaterThan(BATCH_BYTES - 1_100_000);
    expect(batch.bytes.length).toBeLessThanOrEqual(BATCH_BYTES);
    expect(writer.add(document, destination('next'))).toBe(true);
  });

  it('takes one document of any size', () => {
    const [batch] = batchesOf([[{ event: 'x'.repeat(3 * BATCH_BYTES), added: '}' }, destination('a')]]);
    expect(batch?.documents).toHaveLength(1);
    expect(batch?.bytes.length).toBeGreaterThan(3 * BATCH_BYTES);
  });

  it('says which indices its documents go to', () => {
    const [batch] = batchesOf(['a', 'b', 'a'].map((index) => [{ event: '', added: '{}' }, destination('x', index)]));
    expect([...(batch?.indices ?? [])]).toEqual(['a', 'b']);
  });
});
