import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Piece, parseShare, type Range, type Shareable, shareOf } from '../../src/load/share.ts';

/** A source with content: what its size and the cuts are about. */
interface TestSource extends Shareable {
  readonly text: string;
}

/** A reader that does what Range says, in the dullest way. */
function linesIn(text: string, { from, end }: Range): readonly string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const next = newline === -1 ? text.length : newline + 1;
    const begun = from === 0 ? start >= 0 : start > from;
    if (begun && (end === undefined || start <= end)) lines.push(text.slice(start, next));
    start = next;
  }
  return lines;
}

const textOf = ({ source, range }: Piece<TestSource>): string =>
  range === undefined ? source.text : linesIn(source.text, range).join('');

const sourceLists = fc
  .array(
    fc.record({
      lines: fc.array(fc.stringMatching(/^[a-z]{0,12}$/), { maxLength: 30 }),
      ends: fc.boolean(),
      splittable: fc.boolean(),
      sized: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map((specs) =>
    specs.map(({ lines, ends, splittable, sized }, at): TestSource => {
      const text = lines.join('\n') + (ends ? '\n' : '');
      return { name: `${at}.log`, text, splittable, size: sized || splittable ? text.length : undefined };
    }),
  );
const shareCounts = fc.integer({ min: 1, max: 9 });
const pieceSizes = fc.integer({ min: 1, max: 40 });

const allShares = (sources: readonly TestSource[], of: number, pieceBytes: number) =>
  Array.from({ length: of }, (_, index) => shareOf(sources, { index, of }, pieceBytes));

const piecesOf = (shares: readonly (readonly Piece<TestSource>[])[], name: string): readonly Piece<TestSource>[] =>
  shares
    .flat()
    .filter(({ source }) => source.name === name)
    .sort((a, b) => (a.range?.from ?? 0) - (b.range?.from ?? 0));

describe('the shares of an input', () => {
  it('hold every byte once, for every number of shares', () => {
    fc.assert(
      fc.property(sourceLists, shareCounts, pieceSizes, (sources, of, pieceBytes) => {
        const shares = allShares(sources, of, pieceBytes);
        for (const { name, text } of sources) expect(piecesOf(shares, name).map(textOf).join('')).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('name every source, an empty one and one that cannot be read too, so that each is reported', () => {
    fc.assert(
      fc.property(sourceLists, shareCounts, pieceSizes, (sources, of, pieceBytes) => {
        const shares = allShares(sources, of, pieceBytes);
        for (const { name } of sources) expect(piecesOf(shares, name).length).toBeGreaterThan(0);
      }),
    );
  });

  it('lose nothing of a log that grows while the machines look at it', () => {
    fc.assert(
      fc.property(
        sourceLists,
        shareCounts,
        pieceSizes,
        fc.array(fc.stringMatching(/^[a-z\n]{0,60}$/), { minLength: 9, maxLength: 9 }),
        (before, of, pieceBytes, additions) => {
          const begun = before.map((source) => ({ ...source, text: source.text === '' ? '' : `${source.text}\n` }));
          // Each machine sees a longer log than the one before it, and all read the longest.
          const grown = (machine: number, source: TestSource): string =>
            source.splittable ? source.text + additions.slice(0, machine).join('') : source.text;
          const final = new Map(begun.map((source) => [source.name, grown(of, source)]));
          const shares = Array.from({ length: of }, (_, index) => {
            const seen = begun.map((source) => ({
              ...source,
              size: grown(index, source).length,
              text: final.get(source.name) ?? '',
            }));
            return shareOf(seen, { index, of }, pieceBytes);
          });
          for (const { name, text } of begun) {
            const read = new Set(
              piecesOf(shares, name).flatMap((piece) => linesIn(textOf(piece), { from: 0, end: undefined })),
            );
            for (const line of linesIn(text, { from: 0, end: undefined })) expect(read).toContain(line);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are even: no share has more than the smallest one and its own largest piece', () => {
    const sized = fc.array(fc.record({ name: fc.constant('a.gz'), size: fc.nat(1000) }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(sized, shareCounts, (sources, of) => {
        const shares = Array.from({ length: of }, (_, index) =>
          shareOf(sources, { index, of }).map((p) => p.source.size + 1),
        );
        const loads = shares.map((sizes) => sizes.reduce((sum, size) => sum + size, 0));
        for (const sizes of shares) {
          const load = sizes.reduce((sum, size) => sum + size, 0);
          expect(load - Math.min(...sizes, load)).toBeLessThanOrEqual(Math.min(...loads));
        }
      }),
    );
  });

  it('give a file that is larger than a piece to several', () => {
    const sources = [{ name: 'audit.log', size: 1000, splittable: true }];
    const counts = [0, 1, 2, 3].map((index) => shareOf(sources, { index, of: 4 }, 100).length);
    expect(counts).toEqual([3, 3, 2, 2]);
  });
});

describe('--share', () => {
  it.each([
    ['1/1', undefined, { index: 0, of: 1 }],
    ['2/8', undefined, { index: 1, of: 8 }],
    ['8/8', '3', { index: 7, of: 8 }],
    ['job/8', '0', { index: 0, of: 8 }],
    ['job/8', '7', { index: 7, of: 8 }],
  ])('reads %s, with job index %s', (text, jobIndex, share) => {
    expect(parseShare(text, jobIndex)).toEqual(share);
  });

  it.each([
    ['0/8', undefined],
    ['9/8', undefined],
    ['1/0', undefined],
    ['2', undefined],
    ['-1/8', undefined],
    ['1/8/2', undefined],
    ['job/8', undefined],
    ['job/8', '8'],
    ['job/8', 'x'],
    ['job/8', ''],
  ])('refuses %s, with job index %s', (text, jobIndex) => {
    expect(() => parseShare(text, jobIndex)).toThrow(/--share/);
  });
});
