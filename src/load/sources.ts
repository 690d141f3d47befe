import { counted } from './counted.ts';
import { type FileWatch, type FoundFile, packedFile } from './file.ts';
import { findRepeated, type Repeated } from './repeated.ts';
import { type Member, type UnpackLimits, type Unreadable, unpack } from './unpack/index.ts';
import { type Found, walk } from './walk.ts';

/** Something to read logs from: a file, stdin, a named pipe. */
export interface Source {
  readonly kind: 'source';
  /** The path as it was given or found, `-` for stdin: what origin.file and the ledger say. */
  readonly name: string;
  /** Bytes on disk, undefined where nobody knows. */
  readonly size: number | undefined;
  /** Milliseconds, undefined where nobody knows. */
  readonly modified: number | undefined;
  /** The logs in it, in their order, each to be read before the next one. Never throws. */
  readonly members: (watch?: SourceWatch) => AsyncIterable<Member | Unreadable>;
}

export interface SourceWatch {
  /** Told how many more bytes have been read, as they are on disk. */
  readonly onRead?: (bytes: number) => void;
  /** Told what is worth knowing and no damage, such as that a file grew. */
  readonly onRemark?: (remark: string) => void;
}

export type FoundSource = Source | Unreadable | Repeated;

/** Finds what the arguments name: files, folders with everything below, globs, stdin. Sorted, each content once. */
export async function findSources(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream,
  limits: UnpackLimits = {},
): Promise<readonly FoundSource[]> {
  const found = withoutDoubles(await walk(paths, stdin));
  const repeated = await findRepeated(
    found.flatMap((one) => (one.kind === 'file' ? [one.file] : [])),
    limits,
  );
  return found.map((one) => {
    if (one.kind === 'unreadable') return one;
    if (one.kind === 'stream') return streamSource(one.name, one.read, limits);
    return repeated.get(one.file) ?? fileSource(one.file, one.named, limits);
  });
}

/** The same file under two names, by links or because it is named twice, counts once. */
function withoutDoubles(found: readonly Found[]): readonly Found[] {
  const seen = new Set<string>();
  return found.filter((one) => {
    const identity = one.kind === 'file' ? identityOf(one.file) : `${one.kind} ${one.name}`;
    const isNew = !seen.has(identity);
    seen.add(identity);
    return isNew;
  });
}

/** Inodes only where there are links: not every file system gives each file one of its own. */
function identityOf(file: FoundFile): string {
  return file.isLinked ? `inode ${file.identity}` : `path ${file.realPath}`;
}

function fileSource(file: FoundFile, named: boolean, limits: UnpackLimits): Source {
  return {
    kind: 'source',
    name: file.path,
    size: file.size,
    modified: file.modified,
    members: (watch = {}) => unpack(packedFile(file, named, fileWatch(watch)), limits),
  };
}

/** Bytes that are read again, after a look or a damage, count once. */
function fileWatch({ onRead, onRemark }: SourceWatch): FileWatch {
  let furthest = 0;
  return {
    onPosition: (position) => {
      if (position <= furthest) return;
      onRead?.(position - furthest);
      furthest = position;
    },
    onRemark: (remark) => onRemark?.(remark),
  };
}

/** A source that can be read once. */
export function streamSource(name: string, read: () => AsyncIterable<Buffer>, limits: UnpackLimits = {}): Source {
  const packed = { name, key: undefined, size: undefined, named: true, isRereadable: false };
  return {
    kind: 'source',
    name,
    size: undefined,
    modified: undefined,
    members: ({ onRead = () => {} } = {}) => unpack({ ...packed, read: () => counted(read(), onRead) }, limits),
  };
}

/** Bytes on disk of all; undefined where a source has no size. */
export function totalSize(sources: readonly FoundSource[]): number | undefined {
  let total = 0;
  for (const source of sources) {
    if (source.kind !== 'source') continue;
    if (source.size === undefined) return undefined;
    total += source.size;
  }
  return total;
}
