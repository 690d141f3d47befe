import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, LONGEST_LINE, splitLines } from '../../src/load/lines.ts';
import { chunked, collect } from '../support/chunks.ts';

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

  it('holds no more than that of an overlong line while the rest of it comes, and none of the chunks', async () => {
    const first = Buffer.alloc(150_000, 'x');
    const chunks = async function* (): AsyncGenerator<Buffer> {
      yield first;
      // What was kept is a copy: it stays as it was.
      first.fill('z');
      for (let rest = 0; rest < 10; rest += 1) yield Buffer.alloc(150_000, 'y');
      yield Buffer.from('\nnext\n');
    };
    const [overlong, next] = (await collect(splitLines(chunks(), { longest: 100_000 }))).flat();
    expect(overlong?.bytes.equals(Buffer.alloc(64 * 1024, 'x'))).toBe(true);
    expect(overlong?.bytes.buffer.byteLength).toBe(64 * 1024);
    expect(overlong).toMatchObject({ offset: 0, end: 1_650_000, overlong: true });
    expect(next).toMatchObject({ bytes: Buffer.from('next'), offset: 1_650_001 });
  });
});
