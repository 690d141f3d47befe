import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShare, shareOf } from '../../src/load/share.ts';

const sources = fc.array(fc.record({ name: fc.uuid(), size: fc.option(fc.nat(1_000_000), { nil: undefined }) }), {
  maxLength: 40,
});
const counts = fc.integer({ min: 1, max: 9 });

describe('the shares of an input', () => {
  it('hold every source once, for every number of shares', () => {
    fc.assert(
      fc.property(sources, counts, (list, of) => {
        const shares = Array.from({ length: of }, (_, index) => shareOf(list, { index, of })).flat();
        expect(new Set(shares)).toEqual(new Set(list));
        expect(shares).toHaveLength(list.length);
      }),
    );
  });

  it('differ by no more than one source', () => {
    fc.assert(
      fc.property(sources, counts, (list, of) => {
        const sizeOf = (size: number | undefined): number => (size ?? 0) + 1;
        const sizes = Array.from({ length: of }, (_, index) =>
          shareOf(list, { index, of }).reduce((sum, { size }) => sum + sizeOf(size), 0),
        );
        const largest = Math.max(0, ...list.map(({ size }) => sizeOf(size)));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(largest);
      }),
    );
  });
});

describe('parseShare', () => {
  it.each([
    ['1/1', undefined, { index: 0, of: 1 }],
    ['2/8', undefined, { index: 1, of: 8 }],
    ['job/8', '0', { index: 0, of: 8 }],
    ['job/8', '7', { index: 7, of: 8 }],
  ])('reads %s', (text, jobIndex, share) => {
    expect(parseShare(text, jobIndex)).toEqual(share);
  });

  it.each([
    ['0/8', undefined],
    ['9/8', undefined],
    ['1/0', undefined],
    ['-1/8', undefined],
    ['2', undefined],
    ['a/b', undefined],
    ['job/8', undefined],
    ['job/8', ''],
    ['job/8', '8'],
    ['job/8', 'x'],
  ])('refuses %s with a job index of %s', (text, jobIndex) => {
    expect(() => parseShare(text, jobIndex)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
