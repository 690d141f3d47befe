import * as fs from 'node:fs';
import { type BigIntStats, createReadStream, type Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { systemCodeOf } from '../shared/errors.ts';
import { STDIN } from '../shared/io.ts';
import { type FoundFile, foundFile } from './file.ts';
import { type Unreadable, unreadable } from './unpack/index.ts';

/** What stands at a path, before anything is opened. */
export type Found =
  | { readonly kind: 'file'; readonly file: FoundFile; readonly named: boolean }
  /** Can be read once: stdin, a named pipe. */
  | { readonly kind: 'stream'; readonly name: string; readonly read: () => AsyncIterable<Buffer> }
  | Unreadable;

/** Finds everything at paths, in order. A folder that is reached twice, through links or in a circle, counts once. */
export async function walk(paths: readonly string[], stdin: NodeJS.ReadableStream): Promise<readonly Found[]> {
  const found: Found[] = [];
  const visited = new Set<string>();
  for (const path of paths) {
    if (path === '-' || path === STDIN) {
      found.push({ kind: 'stream', name: '-', read: () => buffersOf(stdin) });
      continue;
    }
    for (const match of await matches(path)) {
      for (const one of await walkFrom(match, true, visited)) found.push(one);
    }
  }
  return found;
}

async function* buffersOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

/** The path, where it is one; otherwise what it matches as a pattern. */
async function matches(path: string): Promise<readonly (Looked | Unreadable)[]> {
  try {
    await stat(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' && isDynamicPattern(path)) return await globbed(path);
  }
  return [await look(path)];
}

async function globbed(pattern: string): Promise<readonly (Looked | Unreadable)[]> {
  const closed: Unreadable[] = [];
  const paths = await glob(pattern, {
    dot: true,
    onlyFiles: false,
    expandDirectories: false,
    fs: { readdir: readdirTelling((path, error) => closed.push(unreadablePath(path, error))) },
  });
  if (paths.length + closed.length === 0)
    return [{ kind: 'unreadable', name: pattern, reason: 'no file matches', isMissing: true }];
  const sorted = paths.map((path) => path.replace(/\/$/, '')).sort();
  return [...closed, ...(await Promise.all(sorted.map((path) => look(path))))];
}

/** The matcher passes over a folder that it cannot read without a word. */
function readdirTelling(onError: (path: string, error: unknown) => void): typeof fs.readdir {
  const telling = (
    path: string,
    options: { withFileTypes: true },
    done: (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void,
  ): void =>
    fs.readdir(path, options, (error, entries) => {
      if (error !== null && error.code !== 'ENOENT' && error.code !== 'ENOTDIR') onError(path, error);
      done(error, entries);
    });
  return telling as typeof fs.readdir;
}

function unreadablePath(path: string, error: unknown): Unreadable {
  const isMissing = systemCodeOf(error) === 'ENOENT';
  return { kind: 'unreadable', name: path, reason: unreadable(error), ...(isMissing && { isMissing }) };
}

interface Looked {
  readonly path: string;
  readonly realPath: string;
  readonly stats: BigIntStats;
}

async function look(path: string, knownRealPath?: string): Promise<Looked | Unreadable> {
  try {
    const stats = await stat(path, { bigint: true });
    // The pipe of `<(zcat …)` has no real path.
    const hasRealPath = stats.isFile() || stats.isDirectory();
    return { path, realPath: knownRealPath ?? (hasRealPath ? await realpath(path) : path), stats };
  } catch (error) {
    return unreadablePath(path, error);
  }
}

async function walkFrom(looked: Looked | Unreadable, named: boolean, visited: Set<string>): Promise<readonly Found[]> {
  if ('kind' in looked) return [looked];
  const { path, realPath, stats } = looked;
  if (stats.isFile()) return [{ kind: 'file', file: foundFile(path, realPath, stats), named }];
  if (stats.isDirectory()) return visited.has(realPath) ? [] : await walkFolder(looked, named, visited);
  // A named pipe can be read once, as `kaudit load <(zcat …)` does; below a folder it might wait for ever.
  if (named) return [{ kind: 'stream', name: path, read: () => createReadStream(path) }];
  return [{ kind: 'unreadable', name: path, reason: 'no regular file' }];
}

async function walkFolder({ path, realPath }: Looked, named: boolean, visited: Set<string>): Promise<readonly Found[]> {
  visited.add(realPath);
  let entries: Dirent[];
  try {
    entries = await readdir(realPath, { withFileTypes: true });
  } catch (error) {
    return [unreadablePath(path, error)];
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  // All at once, because a folder may hold ten thousand; only links need their real path looked up.
  const looked = await Promise.all(
    entries.map((entry) =>
      look(join(path, entry.name), entry.isSymbolicLink() ? undefined : join(realPath, entry.name)),
    ),
  );
  const found: Found[] = [];
  for (const one of looked) for (const below of await walkFrom(one, false, visited)) found.push(below);
  if (named && found.length === 0) return [{ kind: 'unreadable', name: path, reason: 'no file in it' }];
  return found;
}
