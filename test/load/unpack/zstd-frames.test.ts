import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zstdFrames } from '../../../src/load/unpack/zstd-frames.ts';

/** As the zstd command writes them. */
const FRAMES = {
  'with a checksum': Buffer.from('KLUv/QRYWQAAaGVsbG8genN0ZApsV/lR', 'base64'),
  'without one': Buffer.from('KLUv/QBYWQAAaGVsbG8genN0ZAo=', 'base64'),
  'of several blocks': Buffer.from('KLUv/QRYVAAAEGFhAQD7/znAAgIAEGEDnwRhjV8Epg==', 'base64'),
  'that says its size': Buffer.from('KLUv/aTgkwQAVAAAEGFhAQD7/znAAgIAEGEDnwRhjV8Epg==', 'base64'),
  'to be skipped': Buffer.from('502a4d1803000000010203', 'hex'),
};

describe('zstdFrames', () => {
  it.each(Object.entries(FRAMES))('ends at the last byte of a frame %s and nowhere before', (_, frame) => {
    const frames = zstdFrames();
    const ends = [...frame].map((byte) => {
      frames.take(Buffer.from([byte]));
      return frames.atEnd();
    });
    expect(ends.indexOf(true)).toBe(frame.length - 1);
  });

  it('follows one frame after another, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.values(FRAMES)), { minLength: 1 }),
        fc.integer({ min: 1, max: 40 }),
        (some, size) => {
          const frames = zstdFrames();
          const bytes = Buffer.concat(some);
          for (let at = 0; at < bytes.length; at += size) frames.take(bytes.subarray(at, at + size));
          expect(frames.atEnd()).toBe(true);
        },
      ),
    );
  });
});
