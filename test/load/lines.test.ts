import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, LONGEST_LINE, splitLines } from '../../src/load/lines.ts';
import { chunked } from '../support/chunks.ts';

async function linesOf(
  bytes: Buffer,
  sizes: readonly number[] = [bytes.length],
  longest = LONGEST_LINE,
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for await (const group of splitLines(chunked(bytes, sizes), { longest })) lines.push(...group);
  return lines;
}

describe('splitLines', () => {
  it('gives the same lines however the bytes are cut', async () => {
    const piece = fc.oneof(
      fc.constant('\n'),
      fc.string({ unit: 'grapheme' }),
      fc.constant('\u2028'),
      fc.constant('\r'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.array(fc.integer({ min: 1, max: 9 })), async (pieces, sizes) => {
        const text = pieces.join('');
        const lines = await linesOf(Buffer.from(text), sizes);
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines.map((line) => line.bytes.toString())).toEqual(expected);
        for (const { bytes, offset } of lines)
          expect(Buffer.from(text).subarray(offset, offset + bytes.length)).toEqual(bytes);
      }),
    );
  });

  it('keeps the beginning of an overlong line, and goes on after it', async () => {
    const lines = await linesOf(Buffer.from(`${'x'.repeat(200_000)}\nnext`), [1000], 100_000);
    expect(lines.map(({ overlong }) => overlong)).toEqual([true, false]);
    expect(lines[0]?.bytes.length).toBe(64 * 1024);
    expect(lines[1]).toMatchObject({ bytes: Buffer.from('next'), offset: 200_001 });
  });
});
