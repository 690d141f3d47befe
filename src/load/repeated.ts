import { createHash } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import { type FoundFile, packedFile, UNWATCHED } from './file.ts';
import { headOf, isCompressed, packingOf, plainBytes, type UnpackLimits } from './unpack/index.ts';

/** Something whose bytes another source has: nothing is missed without it. */
export interface Repeated {
  readonly kind: 'repeated';
  readonly name: string;
  readonly reason: string;
}

/** What a file begins with, decompressed. */
interface Head {
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
}

/** Tells nearly all logs apart: an event has a time and an id. A client may choose the id, so equal heads prove nothing. */
const TELLING_BYTES = 1024;
const FILES_AT_ONCE = 8;
/** Bytes of a gzip file with nothing in it. */
const EMPTY_GZIP = 20;
const COMPRESSED_NAME = /\.(gz|zst)$/;

/**
 * Files to leave out: those whose content another one has, whatever their names and compression, and `X.gz` beside the `X`
 * that a rotation is still compressing. Reads the heads of all, and whole only those that begin like another.
 */
export async function findRepeated(
  files: readonly FoundFile[],
  limits: UnpackLimits = {},
): Promise<ReadonlyMap<FoundFile, Repeated>> {
  const repeated = new Map<FoundFile, Repeated>();
  const leaveOut = (file: FoundFile, reason: string): void => {
    repeated.set(file, { kind: 'repeated', name: file.path, reason });
  };
  if (files.length < 2) return repeated;
  const limit = pLimit(FILES_AT_ONCE);
  const originals = new Map(files.map((file) => [file.realPath, file]));
  await limit.map(files, async (file) => {
    const original = originals.get(file.realPath.replace(COMPRESSED_NAME, ''));
    if (original === undefined || original === file || !(await isBeginning(file, original, limits))) return;
    leaveOut(file, `all that is in it is in ${original.path}, which is read`);
  });
  const rest = files.filter((file) => file.size > 0 && !repeated.has(file));
  for (const alike of await filesAlike(rest, limit)) {
    const hashes = await limit.map(alike, (file) => contentHash(file, limits));
    const first = new Map<string, FoundFile>();
    for (const [at, file] of alike.entries()) {
      const hash = hashes[at];
      const same = hash === undefined ? undefined : first.get(hash);
      if (same !== undefined) leaveOut(file, `the same content as ${same.path}`);
      else if (hash !== undefined) first.set(hash, file);
    }
  }
  return repeated;
}

/** Groups of files that may have one content, each in the order of the files. */
async function filesAlike(
  files: readonly FoundFile[],
  limit: LimitFunction,
): Promise<readonly (readonly FoundFile[])[]> {
  const heads = await limit.map(files, async (file) => {
    const head = await readHead(file);
    return { file, isCompressed: head.isCompressed, key: createHash('sha256').update(head.bytes).digest('base64') };
  });
  const alike: (readonly FoundFile[])[] = [];
  for (const group of groupsOf(heads, ({ key }) => key)) {
    const anyCompressed = group.some(({ isCompressed }) => isCompressed);
    // Uncompressed ones of different sizes differ.
    const candidates = anyCompressed ? [group] : groupsOf(group, ({ file }) => file.size);
    for (const some of candidates) if (some.length > 1) alike.push(some.map(({ file }) => file));
  }
  return alike;
}

function groupsOf<T>(items: readonly T[], keyOf: (item: T) => unknown): readonly (readonly T[])[] {
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

async function readHead(file: FoundFile): Promise<Head> {
  const packed = packedFile(file, false, UNWATCHED);
  const raw = await headOf(packed.read({ to: TELLING_BYTES }), TELLING_BYTES);
  if (!isCompressed(packingOf(raw))) return { bytes: raw, isCompressed: false };
  return { bytes: await headOf(plainBytes(packed), TELLING_BYTES), isCompressed: true };
}

/** Whether all that can be read of a compressed file is what another begins with. */
async function isBeginning(compressed: FoundFile, original: FoundFile, limits: UnpackLimits): Promise<boolean> {
  const [part, whole] = [await readHead(compressed), await readHead(original)];
  if (!whole.bytes.subarray(0, part.bytes.length).equals(part.bytes)) return false;
  const read = await hashed(compressed, limits);
  // There may be more in it.
  if (read.size === limits.inflatedBytes) return false;
  // Of what cannot be read at all nothing is known, but for a file that has hardly been begun.
  if (read.size === 0) return compressed.size < EMPTY_GZIP;
  const same = await hashed(original, limits, read.size);
  return same.size === read.size && same.hash === read.hash;
}

/** Undefined for what cannot be read to its end: that is read and reported. */
async function contentHash(file: FoundFile, limits: UnpackLimits): Promise<string | undefined> {
  const { hash, isWhole } = await hashed(file, limits);
  return isWhole ? hash : undefined;
}

interface Hashed {
  readonly hash: string;
  readonly size: number;
  /** False where damage ended it early. */
  readonly isWhole: boolean;
}

/** The hash of the decompressed bytes, of at most so many. */
async function hashed(file: FoundFile, limits: UnpackLimits, most = Number.POSITIVE_INFINITY): Promise<Hashed> {
  const hash = createHash('sha256');
  let size = 0;
  let isWhole = true;
  try {
    for await (const chunk of plainBytes(packedFile(file, false, UNWATCHED), limits)) {
      const part = chunk.subarray(0, most - size);
      hash.update(part);
      size += part.length;
      if (size === most) break;
    }
  } catch {
    isWhole = false;
  }
  return { hash: hash.digest('base64'), size, isWhole };
}
