import { rejoin } from '../unpack/index.ts';

/** Whole lines, with the newline of the last one, at the beginning of memory that all threads see. */
export interface Block {
  readonly kind: 'block';
  /** Of its first byte in the (inflated) source. */
  readonly offset: number;
  readonly memory: SharedArrayBuffer;
  /** Bytes of the lines; what is behind them is for the documents. */
  readonly length: number;
}

/** What is behind the last block, as it came: a line without its newline or a very long one, and what went wrong. */
export interface Rest {
  readonly kind: 'rest';
  readonly offset: number;
  readonly chunks: AsyncIterable<Buffer>;
}

/** Large enough that handing it over is nothing beside the work, small enough that every thread soon has one. */
export const BLOCK_BYTES = 512 * 1024;
/** What is added is most of a short event's document, and no more than this for all of a block. */
const MOST_ADDED = 16 * 1024 * 1024;
const NEWLINE = 10;

export interface Cutting {
  /** Byte of the source at which the chunks begin. */
  readonly from: number;
  /** Bytes of the longest line that is read. */
  readonly longest: number;
  /** Bytes that a block has at least. */
  readonly blockBytes: number;
  readonly memory: SharedMemory;
}

/** Cuts bytes into blocks, and ends with the rest: a line without its newline, or one that is too long and all behind it. */
export async function* blocksOf(
  chunks: AsyncIterable<Buffer>,
  { from, longest, blockBytes, memory }: Cutting,
): AsyncGenerator<Block | Rest> {
  const iterator = chunks[Symbol.asyncIterator]();
  let offset = from;
  let held: Buffer[] = [];
  let size = 0;
  let failure: unknown;
  try {
    while (size <= longest + blockBytes) {
      const step = await iterator.next().catch((error: unknown) => {
        failure = error;
        return { done: true as const, value: undefined };
      });
      if (step.done) break;
      const chunk = step.value;
      size += chunk.length;
      const end = size < blockBytes ? 0 : chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        held.push(chunk);
        continue;
      }
      const length = size - (chunk.length - end);
      const pieces = [...held, chunk.subarray(0, end)];
      yield { kind: 'block', offset, memory: filled(memory.take(roomFor(length)), pieces), length };
      offset += length;
      held = end < chunk.length ? [chunk.subarray(end)] : [];
      size -= length;
    }
    yield { kind: 'rest', offset, chunks: rejoin(held, iterator, failure) };
  } finally {
    await iterator.return?.();
  }
}

/**
 * The lines, and their events with what is added to them: room for events of 150 bytes, which are shorter than any that an
 * API server writes. Memory that is never written to is never taken.
 */
function roomFor(length: number): number {
  return 2 * length + Math.min(5 * length, MOST_ADDED);
}

function filled(memory: SharedArrayBuffer, pieces: readonly Buffer[]): SharedArrayBuffer {
  const bytes = Buffer.from(memory);
  let at = 0;
  for (const piece of pieces) at += piece.copy(bytes, at);
  return memory;
}

/** The lines of a block. */
export function linesOf({ memory, length }: Pick<Block, 'memory' | 'length'>): Buffer {
  return Buffer.from(memory, 0, length);
}

/** Memory for blocks, used again: giving it back to the garbage collector costs more than all that is done with it. */
export interface SharedMemory {
  readonly take: (bytes: number) => SharedArrayBuffer;
  /** When nobody will look at it any more. */
  readonly give: (memory: SharedArrayBuffer) => void;
}

const STEP = 1024 * 1024;
/** What one very long line needs is let go of. */
const LARGEST_SPARE = 16 * STEP;

export function openSharedMemory(mostSpare: number): SharedMemory {
  const spare: SharedArrayBuffer[] = [];
  return {
    take: (bytes) => {
      const at = spare.findIndex(({ byteLength }) => byteLength >= bytes);
      const [known] = at < 0 ? [] : spare.splice(at, 1);
      return known ?? new SharedArrayBuffer(Math.ceil(bytes / STEP) * STEP);
    },
    give: (memory) => {
      if (memory.byteLength <= LARGEST_SPARE && spare.length < mostSpare) spare.push(memory);
    },
  };
}
