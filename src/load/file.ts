import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemCodeOf } from '../shared/errors.ts';
import { DamagedSource, type Packed, type SliceRange } from './unpack/index.ts';

/** A regular file as it was when it was found. */
export interface FoundFile {
  readonly path: string;
  /** Absolute, through all links. */
  readonly realPath: string;
  readonly size: number;
  /** Milliseconds. */
  readonly modified: number;
  /** Device and inode: the same file under any name, for as long as nobody replaces it. */
  readonly identity: string;
  /** Other names of the same file may exist. */
  readonly isLinked: boolean;
}

export interface FileWatch {
  /** Told up to which byte a reader has come. */
  readonly onPosition: (position: number) => void;
  /** Told what is worth knowing and no damage. */
  readonly onRemark: (remark: string) => void;
}

export const UNWATCHED: FileWatch = { onPosition: () => {}, onRemark: () => {} };

const READ_BYTES = 256 * 1024;
const NEWLINE = 10;
const SHRANK = 'the file shrank while it was read';

export function foundFile(path: string, realPath: string, stats: BigIntStats): FoundFile {
  return {
    path,
    realPath,
    size: Number(stats.size),
    modified: Number(stats.mtimeMs),
    identity: identityOf(stats),
    isLinked: stats.nlink > 1n,
  };
}

/** In full: inode numbers may be larger than a number holds. */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** File systems over a network may number a file anew, so that alone does not make it another one. */
function isSame(before: FoundFile, now: FoundFile): boolean {
  return before.identity === now.identity || (before.size === now.size && before.modified === now.modified);
}

export function packedFile(file: FoundFile, named: boolean, watch: FileWatch): Packed {
  const { path, realPath, size } = file;
  const read = (range: SliceRange = {}): AsyncIterable<Buffer> => readFile(file, range, watch);
  return { name: path, key: realPath, size, named, read, isRereadable: true };
}

/**
 * Reads a range of a file; or all of it, up to the size that it has when it is opened and to the end of the line that this
 * cuts. Remarks that it grew; throws DamagedSource at its end where it shrank or is not the file that was found.
 */
async function* readFile(file: FoundFile, { from = 0, to }: SliceRange, watch: FileWatch): AsyncGenerator<Buffer> {
  const handle = await open(file.realPath);
  try {
    const reading: Reading = { handle, watch, position: from, last: NEWLINE };
    if (to !== undefined) {
      yield* readUpTo(reading, to);
      if (reading.position < to) throw new DamagedSource(SHRANK);
      return;
    }
    const opened = foundFile(file.path, file.realPath, await handle.stat({ bigint: true }));
    // A file of the kernel has a size of 0 and something in it all the same.
    yield* readUpTo(reading, opened.size === 0 ? Number.POSITIVE_INFINITY : opened.size);
    while (reading.last !== NEWLINE) {
      const piece = await readPiece(reading, READ_BYTES);
      if (piece.length === 0) break;
      yield advance(reading, piece.subarray(0, piece.indexOf(NEWLINE) + 1 || piece.length));
    }
    await compare(file, opened, reading.position, watch);
  } finally {
    await handle.close();
  }
}

interface Reading {
  readonly handle: FileHandle;
  readonly watch: FileWatch;
  position: number;
  /** The last byte that was read. */
  last: number;
}

async function* readUpTo(reading: Reading, end: number): AsyncGenerator<Buffer> {
  while (reading.position < end) {
    const piece = await readPiece(reading, Math.min(READ_BYTES, end - reading.position));
    if (piece.length === 0) return;
    yield advance(reading, piece);
  }
}

async function readPiece({ handle, position }: Reading, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function advance(reading: Reading, piece: Buffer): Buffer {
  reading.position += piece.length;
  reading.last = piece.at(-1) ?? NEWLINE;
  reading.watch.onPosition(reading.position);
  return piece;
}

/** Compares the file that was read with the one that was found, and with what its path names now. */
async function compare(found: FoundFile, opened: FoundFile, position: number, { onRemark }: FileWatch): Promise<void> {
  const stats = await statOrGone(found.realPath);
  const now = stats === undefined ? opened : foundFile(found.path, found.realPath, stats);
  if (!isSame(found, opened) || !isSame(opened, now)) {
    throw new DamagedSource('the file was replaced while it was read: load again');
  }
  const more = now.size - position;
  if (opened.size > 0 && more < 0) throw new DamagedSource(SHRANK);
  if (position < Math.max(found.size, opened.size)) throw new DamagedSource(SHRANK);
  if (more > 0) onRemark(`grew while it was read: ${more.toLocaleString('en')} bytes more, load again`);
}

/** A rotation may remove a file that was read to its end. */
async function statOrGone(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
