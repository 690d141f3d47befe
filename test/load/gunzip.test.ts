import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedGzip, gunzip } from '../../src/load/gunzip.ts';
import { chunked } from '../support/chunks.ts';

/** What comes out, and the error that it ends with. */
async function inflate(packed: Buffer, sizes: readonly number[] = [5000]): Promise<{ text: string; error: unknown }> {
  const parts: Buffer[] = [];
  try {
    for await (const part of gunzip(chunked(packed, sizes))) parts.push(part);
  } catch (error) {
    return { text: Buffer.concat(parts).toString(), error };
  }
  return { text: Buffer.concat(parts).toString(), error: undefined };
}

const text = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${Math.sin(index)}`).join('\n');
const packed = gzipSync(text);

describe('gunzip', () => {
  it('inflates however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        async (plain, sizes) => {
          expect(await inflate(gzipSync(plain), sizes)).toEqual({ text: plain, error: undefined });
        },
      ),
    );
  });

  it('inflates members one after another, and the zeros that pad a tape', async () => {
    expect(await inflate(Buffer.concat([packed, packed, Buffer.alloc(512)]))).toEqual({
      text: text + text,
      error: undefined,
    });
  });

  it('delivers what is before the place where the data is cut off, then says so', async () => {
    const { text: got, error } = await inflate(packed.subarray(0, packed.length - 10));
    expect(error).toBeInstanceOf(DamagedGzip);
    expect(text.startsWith(got)).toBe(true);
    expect(got.length).toBeGreaterThan(text.length * 0.95);
  });

  it('delivers nearly all before a damaged place', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, Math.floor(packed.length / 2), Math.floor(packed.length / 2) + 40);
    const { text: got, error } = await inflate(damaged);
    expect(error).toBeInstanceOf(DamagedGzip);
    expect(got.length).toBeGreaterThan(text.length * 0.4);
  });

  it('does not pass over what follows and is no gzip', async () => {
    expect((await inflate(Buffer.concat([packed, Buffer.from('plain text')]))).error).toBeInstanceOf(DamagedGzip);
  });
});
