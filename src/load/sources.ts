import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { glob, isDynamicPattern } from 'tinyglobby';
import { messageOf, systemCodeOf } from '../shared/errors.ts';
import { STDIN } from '../shared/io.ts';

/** Something to read events from. */
export interface Source {
  /** The path as it was given or found, `-` for stdin: what origin.file and the ledger say. */
  readonly name: string;
  /** Bytes on disk, undefined where nobody knows. */
  readonly size: number | undefined;
  /** Named by the user, rather than found in a folder: then leaving it out is worth telling. */
  readonly named: boolean;
  /** Reading ends with an error when `signal` is aborted, also where nothing comes, as on an idle stdin. */
  readonly open: (signal?: AbortSignal) => AsyncIterable<Buffer>;
}

export interface UnreadableSource {
  readonly name: string;
  readonly reason: string;
}

export type FoundSource = Source | UnreadableSource;

const READ_BYTES = 256 * 1024;

/** Finds what the arguments name: files, folders with everything below, globs, stdin. Sorted, each file once. */
export async function findSources(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream,
): Promise<readonly FoundSource[]> {
  const found: FoundSource[] = [];
  const seen = new Set<string>();
  const add = (source: FoundSource, identity: string): void => {
    if (!seen.has(identity)) found.push(source);
    seen.add(identity);
  };
  for (const path of paths) {
    if (path === '-' || path === STDIN)
      add({ name: '-', size: undefined, named: true, open: (signal) => buffersOf(stdin, signal) }, '-');
    else await walk(path, true, new Set(), add);
  }
  return found;
}

type Add = (source: FoundSource, identity: string) => void;

async function walk(path: string, named: boolean, parents: ReadonlySet<string>, add: Add): Promise<void> {
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    if (stats.isFile()) {
      add({ name: path, size: stats.size, named, open: (signal) => readFile(path, stats.size, signal) }, real);
    } else if (!stats.isDirectory()) {
      // A named pipe can be read once, as `kaudit load <(zcat …)` does; below a folder it might wait for ever.
      if (named) add({ name: path, size: undefined, named, open: (signal) => readFile(path, 0, signal) }, real);
      else add({ name: path, reason: 'no regular file' }, real);
    } else if (!parents.has(real)) {
      const below = new Set([...parents, real]);
      for (const name of (await readdir(path)).sort()) await walk(join(path, name), false, below, add);
    }
  } catch (error) {
    if (named && systemCodeOf(error) === 'ENOENT' && isDynamicPattern(path)) return await walkGlob(path, add);
    add({ name: path, reason: unreadable(error) }, path);
  }
}

async function walkGlob(pattern: string, add: Add): Promise<void> {
  const matches = await glob(pattern, { dot: true, onlyFiles: false, expandDirectories: false });
  if (matches.length === 0) add({ name: pattern, reason: 'no file matches' }, pattern);
  for (const match of matches.sort()) await walk(match.replace(/\/$/, ''), true, new Set(), add);
}

/** A file that is cut or replaced under us ends early without an error of its own. */
async function* readFile(path: string, least: number, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const stream: AsyncIterable<Buffer> = createReadStream(path, {
    highWaterMark: READ_BYTES,
    ...(signal && { signal }),
  });
  let read = 0;
  for await (const chunk of stream) {
    read += chunk.length;
    yield chunk;
  }
  if (read < least) throw new Error(`it became shorter: ${least} bytes when it was found, ${read} when it was read`);
}

async function* buffersOf(stream: NodeJS.ReadableStream, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  if (signal !== undefined && stream instanceof Readable) addAbortSignal(signal, stream);
  for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'a symbolic link that leads to itself',
  EIO: 'the disk could not read it',
};

/** Why a file cannot be read, in words. */
export function unreadable(error: unknown): string {
  return REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error);
}
