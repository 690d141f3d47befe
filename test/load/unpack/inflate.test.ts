import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedSource } from '../../../src/load/unpack/index.ts';
import { hasZstd, inflate } from '../../../src/load/unpack/inflate.ts';
import { chunked } from '../../support/chunks.ts';
import { zstdSync } from '../../support/zstd.ts';

interface Inflated {
  readonly text: string;
  readonly error: unknown;
}

interface How {
  readonly sizes?: readonly number[];
  /** A pipe cannot be read again. */
  readonly isRereadable?: boolean;
}

/** What comes out, and the error that it ends with. */
async function inflated(packed: Buffer, { sizes = [70_000], isRereadable = true }: How = {}): Promise<Inflated> {
  const compression = packed[0] === 0x1f ? 'gzip' : 'zstd';
  const parts: Buffer[] = [];
  let error: unknown;
  try {
    for await (const part of inflate({ compression, read: () => chunked(packed, sizes), isRereadable }))
      parts.push(part);
  } catch (thrown) {
    error = thrown;
  }
  return { text: Buffer.concat(parts).toString(), error };
}

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index} ${Math.sin(index)}`).join('\n');
const text = lines(20_000);
const packed = gzipSync(text);

const compressors = [
  { name: 'gzip', compress: (plain: string): Buffer => gzipSync(plain) },
  ...(hasZstd ? [{ name: 'zstd', compress: zstdSync }] : []),
];

describe.each(compressors)('inflating $name', ({ compress }) => {
  it('gives the same bytes however they are split into members and cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        fc.boolean(),
        async (plain, sizes, isRereadable) => {
          const members = Buffer.concat(plain.map(compress));
          expect(await inflated(members, { sizes, isRereadable })).toEqual({ text: plain.join(''), error: undefined });
        },
      ),
    );
  });

  it('says where it is cut off, at every byte, and delivers what was before', async () => {
    const first = lines(5);
    const second = lines(9);
    const both = Buffer.concat([compress(first), compress(second)]);
    for (let size = 4; size < both.length; size += 1) {
      const got = await inflated(both.subarray(0, size));
      if (size === compress(first).length) {
        expect(got).toEqual({ text: first, error: undefined });
        continue;
      }
      expect(got.error).toBeInstanceOf(DamagedSource);
      expect((first + second).startsWith(got.text)).toBe(true);
      if (size > compress(first).length) expect(got.text.startsWith(first)).toBe(true);
    }
  });

  it('delivers all that is whole before something that follows, and says so', async () => {
    const { text: got, error } = await inflated(Buffer.concat([compress(text), Buffer.from('plain text follows')]));
    expect(got).toBe(text);
    expect(String(error)).toContain('is followed by something else');
  });

  it('delivers every block before a damaged place, once', async () => {
    const whole = compress(text);
    const damaged = Buffer.from(whole);
    const place = Math.floor(whole.length / 2);
    damaged.fill(0xff, place, place + 40);
    const { text: got, error } = await inflated(damaged);
    expect(error).toBeInstanceOf(DamagedSource);
    expect(got.length).toBeGreaterThan(text.length * 0.35);
    expect(got.slice(0, Math.floor(text.length * 0.35))).toBe(text.slice(0, Math.floor(text.length * 0.35)));
  });
});

describe('inflating gzip', () => {
  it('passes over the zeros that pad a tape, and takes what follows them', async () => {
    const padded = Buffer.concat([packed, Buffer.alloc(100_000)]);
    expect(await inflated(padded)).toEqual({ text, error: undefined });
    expect(await inflated(Buffer.concat([padded, packed]))).toEqual({ text: text + text, error: undefined });
  });

  it('does not stop in silence where the next header is damaged', async () => {
    for (const damage of [0x00, 0x1e]) {
      const next = Buffer.from(packed);
      next[0] = damage;
      const { text: got, error } = await inflated(Buffer.concat([packed, next]));
      expect(got).toBe(text);
      expect(String(error)).toContain('is followed by something else, or its next part is damaged');
    }
  });

  it('delivers everything before a wrong checksum', async () => {
    const wrong = Buffer.from(packed);
    wrong[wrong.length - 8] = (wrong.at(-8) ?? 0) ^ 1;
    const { text: got, error } = await inflated(wrong);
    expect(got).toBe(text);
    expect(String(error)).toContain('the gzip data is damaged: its checksum is wrong');
  });

  it('delivers nearly everything of a pipe, which cannot be read again', async () => {
    const wrong = Buffer.from(packed);
    wrong[wrong.length - 8] = (wrong.at(-8) ?? 0) ^ 1;
    const { text: got, error } = await inflated(wrong, { isRereadable: false });
    expect(error).toBeInstanceOf(DamagedSource);
    expect(text.startsWith(got)).toBe(true);
    expect(got.length).toBeGreaterThan(text.length * 0.95);
  });

  it('goes on where bytes that were damaged are whole when they are read again', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 1000, 1100);
    let reads = 0;
    const read = (): AsyncIterable<Buffer> => {
      reads += 1;
      return chunked(reads === 1 ? damaged : packed, [70_000]);
    };
    const parts: Buffer[] = [];
    for await (const part of inflate({ compression: 'gzip', read, isRereadable: true })) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe(text);
  });
});
