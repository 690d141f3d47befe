import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutRanges, rangeKey } from '../../src/load/reread.ts';
import { chunked } from '../support/chunks.ts';

describe('cutRanges', () => {
  it('gives the bytes of each range, however the source comes, and none that it does not have whole', async () => {
    const range = fc
      .tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }))
      .map(([start, length]) => ({ start, end: start + length }));
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.uniqueArray(range, { selector: rangeKey }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (content, ranges, sizes) => {
          const bytes = Buffer.from(content);
          const found = new Map<string, Buffer>();
          for await (const [key, cut] of cutRanges(chunked(bytes, sizes), ranges)) found.set(rangeKey(key), cut);
          const wanted = ranges.filter(({ end }) => end <= bytes.length);
          expect(found.size).toBe(wanted.length);
          for (const { start, end } of wanted) {
            expect(found.get(rangeKey({ start, end }))).toEqual(bytes.subarray(start, end));
          }
        },
      ),
    );
  });
});
