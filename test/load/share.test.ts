import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShare, shareOf } from '../../src/load/share.ts';

const sources = fc.uniqueArray(fc.record({ name: fc.string() }), { maxLength: 40, selector: ({ name }) => name });
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

  it('are of as many sources each, but for those that are left over', () => {
    fc.assert(
      fc.property(sources, counts, (list, of) => {
        const sizes = Array.from({ length: of }, (_, index) => shareOf(list, { index, of }).length);
        expect(Math.max(...sizes)).toBe(Math.ceil(list.length / of));
      }),
    );
  });

  it('depend on the names alone: not on their order, and not on how large a log has grown', () => {
    fc.assert(
      fc.property(sources, counts, (list, of) => {
        const share = { index: 0, of };
        const grown = list.map(({ name }, size) => ({ name, size })).reverse();
        const names = (some: readonly { readonly name: string }[]) => new Set(some.map(({ name }) => name));
        expect(names(shareOf(grown, share))).toEqual(names(shareOf(list, share)));
      }),
    );
  });

  it('stay mostly as they are when a file comes', () => {
    const list = Array.from({ length: 400 }, (_, at) => ({ name: `/logs/audit-${at}.log` }));
    const sharesByName = (all: typeof list): ReadonlyMap<string, number> =>
      new Map(
        Array.from({ length: 8 }, (_, index) =>
          shareOf(all, { index, of: 8 }).map(({ name }): [string, number] => [name, index]),
        ).flat(),
      );
    const before = sharesByName(list);
    const after = sharesByName([...list, { name: '/logs/audit.log' }]);
    expect(list.filter(({ name }) => before.get(name) !== after.get(name)).length).toBeLessThan(40);
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
