import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { messageOf } from '../../shared/errors.ts';
import { DamagedSource } from './damage.ts';
import { slice } from './range.ts';
import { zstdFrames } from './zstd-frames.ts';

export type Compression = 'gzip' | 'zstd';

/** Compressed bytes. Ones that can be read again from their beginning are read faster, and to the last byte. */
export interface Compressed {
  readonly compression: Compression;
  readonly read: () => AsyncIterable<Buffer>;
  readonly isRereadable: boolean;
}

type Decompressor = Transform & { readonly bytesWritten: number };

/**
 * zlib drops what it has inflated of the piece in which it meets damage, so the size of a piece is what may be lost, and
 * bounds how much memory one can inflate to (gzip: at most 1,032 times). Bytes that can be read again are fed in large
 * pieces, and on damage once more, with the damaged piece in smaller ones; others, such as a pipe, in small ones.
 */
const LARGE_PIECE = 64 * 1024;
const SMALL_PIECE = 2 * 1024;
const STEPS_INTO_DAMAGE = [512, 1];
/** Node's default of 16 KiB takes three times as long. */
const OUTPUT_CHUNK = 1024 * 1024;

/** Where a piece lies in the compressed bytes. */
interface Place {
  readonly from: number;
  readonly to: number;
}

class DamagedPiece extends DamagedSource {
  readonly place: Place;
  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

/** Decompresses, members one after the other as rotation concatenates them. Throws DamagedSource after all before the damage. */
export async function* inflate({ compression, read, isRereadable }: Compressed): AsyncGenerator<Buffer> {
  if (!isRereadable) return yield* inflatePieces(compression, read(), () => SMALL_PIECE);
  let sizeAt = (_position: number): number => LARGE_PIECE;
  let delivered = 0;
  for (const steps = [...STEPS_INTO_DAMAGE]; ; ) {
    try {
      for await (const chunk of slice(inflatePieces(compression, read(), sizeAt), { from: delivered })) {
        delivered += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      const step = steps.shift();
      if (!(error instanceof DamagedPiece) || step === undefined) throw error;
      sizeAt = stepsInto(error.place, step);
    }
  }
}

/** Sizes of pieces: small within a place, large around it. */
function stepsInto({ from, to }: Place, step: number): (position: number) => number {
  return (position) => {
    if (position < from) return Math.min(LARGE_PIECE, from - position);
    return position < to ? step : LARGE_PIECE;
  };
}

async function* inflatePieces(
  compression: Compression,
  chunks: AsyncIterable<Buffer>,
  sizeAt: (position: number) => number,
): AsyncGenerator<Buffer> {
  const member = openMember(compression);
  const frames = compression === 'zstd' ? zstdFrames() : undefined;
  let position = 0;
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; ) {
        const piece = chunk.subarray(start, start + sizeAt(position));
        const failure = await member.write(piece);
        yield* member.output();
        if (failure !== undefined) {
          throw new DamagedPiece(sentence(compression, failure), { from: position, to: position + piece.length });
        }
        frames?.take(piece);
        start += piece.length;
        position += piece.length;
      }
    }
    const failure = await member.end();
    yield* member.output();
    if (failure !== undefined) throw new DamagedSource(sentence(compression, failure));
    if (frames?.atEnd() === false) throw new DamagedSource(sentence(compression, 'unexpected end of file'));
  } finally {
    member.close();
  }
}

interface MemberReader {
  /** Feeds a piece; resolves when all of it is inflated, with what went wrong. */
  readonly write: (piece: Buffer) => Promise<string | undefined>;
  readonly end: () => Promise<string | undefined>;
  /** Takes what has been inflated since. */
  readonly output: () => readonly Buffer[];
  readonly close: () => void;
}

/**
 * Feeds a decompressor, and a new one where it stops before its input does: Node's ends in silence at the zeros after a
 * gzip member, whatever follows them, and at the end of the first zstd frame.
 */
function openMember(compression: Compression): MemberReader {
  const output: Buffer[] = [];
  let stream = startStream(compression, output);
  let hasStopped = false;
  const write = async (piece: Buffer): Promise<string | undefined> => {
    for (let rest = piece; ; ) {
      if (hasStopped) {
        rest = compression === 'gzip' ? withoutZeros(rest) : rest;
        if (rest.length === 0) return undefined;
        stream.close();
        stream = startStream(compression, output);
      }
      const before = stream.consumed();
      const failure = await stream.write(rest);
      rest = rest.subarray(stream.consumed() - before);
      hasStopped = rest.length > 0;
      if (failure !== undefined || !hasStopped) return failure;
    }
  };
  return {
    write,
    end: async () => (hasStopped ? undefined : await stream.end()),
    output: () => output.splice(0),
    close: () => stream.close(),
  };
}

function withoutZeros(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? bytes.subarray(bytes.length) : bytes.subarray(first);
}

interface OpenStream {
  readonly write: (piece: Buffer) => Promise<string | undefined>;
  readonly end: () => Promise<string | undefined>;
  readonly consumed: () => number;
  readonly close: () => void;
}

/** Written against the write callback rather than as a pipe: a stream that fails drops what it has not yet delivered. */
function startStream(compression: Compression, output: Buffer[]): OpenStream {
  const stream = createDecompressor(compression);
  let failure: string | undefined;
  let wake = (): void => {};
  stream.on('data', (chunk: Buffer) => output.push(chunk));
  stream.on('error', (error) => {
    failure = messageOf(error);
  });
  // After a failure zlib calls no callback: the stream just closes.
  stream.once('close', () => wake());
  const settle = (step: (done: () => void) => void): Promise<string | undefined> =>
    new Promise((resolve) => {
      wake = () => resolve(failure);
      step(wake);
    });
  return {
    write: (piece) => settle((done) => stream.write(piece, () => done())),
    end: () => settle(() => stream.end()),
    consumed: () => stream.bytesWritten,
    close: () => stream.destroy(),
  };
}

function createDecompressor(compression: Compression): Decompressor {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: OUTPUT_CHUNK });
  if (createZstd === undefined) throw new DamagedSource(NO_ZSTD);
  return createZstd({ chunkSize: OUTPUT_CHUNK });
}

/** The types are of Node 20, which has no zstd. */
const createZstd =
  'createZstdDecompress' in zlib
    ? (zlib.createZstdDecompress as (options: { readonly chunkSize: number }) => Decompressor)
    : undefined;

/** Whether this Node can read zstd. */
export const hasZstd = createZstd !== undefined;
export const NO_ZSTD =
  'packed with zstd, which this Node cannot read: use Node 22.15 or newer, or zstd -dc FILE | kaudit load -';

const MEANINGS: Readonly<Record<string, string>> = {
  'unexpected end of file': 'is cut off',
  'incorrect header check': 'is followed by something else, or its next part is damaged',
  'incorrect data check': 'is damaged: its checksum is wrong',
  'incorrect length check': 'is damaged: its length is wrong',
  'Unknown frame descriptor': 'is followed by something else, or its next part is damaged',
};

function sentence(compression: Compression, failure: string): string {
  return `the ${compression} data ${MEANINGS[failure] ?? `is damaged: ${failure}`}`;
}
