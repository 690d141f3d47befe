import { DamagedSource, unreadable } from './damage.ts';
import { inflate } from './inflate.ts';
import { isCompressed, PACKING_BYTES, type Packing, packingOf } from './packing.ts';
import { peek } from './peek.ts';
import { type SliceRange, slice } from './range.ts';
import { untar } from './tar.ts';

/** A log in a source: the source itself, decompressed, or a file of an archive. */
export interface Member {
  readonly kind: 'member';
  /** The source's name, followed by `!` and the path within where it is an archive. */
  readonly name: string;
  /** Tells it from every other, the same in every run; undefined for what cannot be found again, such as stdin. */
  readonly key: string | undefined;
  /** Bytes, where they lie in a file as they are: then a range of them is found without reading what is before. */
  readonly size: number | undefined;
  /** Named by the user, rather than found in a folder or an archive. */
  readonly named: boolean;
  /** Whether its bytes can be had as often as wanted: of stdin and archives they come once, before the next member. */
  readonly isRereadable: boolean;
  /** Its bytes, decompressed. */
  readonly bytes: (range?: SliceRange) => AsyncIterable<Buffer>;
}

/** Something that is not read, and why. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly name: string;
  readonly reason: string;
  /** There is nothing of that name. */
  readonly isMissing?: boolean;
}

/** Bytes with what is known of them; packed in some way, or not. */
export interface Packed {
  readonly name: string;
  readonly key: string | undefined;
  readonly size: number | undefined;
  readonly named: boolean;
  readonly read: (range?: SliceRange) => AsyncIterable<Buffer>;
  readonly isRereadable: boolean;
}

export interface UnpackLimits {
  /** Most bytes that one layer of compression may hold; more is damage. */
  readonly inflatedBytes?: number;
}

/** Deep enough for a gzip in a tar.gz that was gzipped once more. */
const DEEPEST = 5;

/** Opens every layer of compression and archive. Never throws: what is damaged throws where its bytes are read. */
export async function* unpack(packed: Packed, limits: UnpackLimits, depth = 0): AsyncGenerator<Member | Unreadable> {
  const { packing, source } = await tellPacking(packed);
  if (packing.kind === 'plain') {
    const { name, key, size, named, isRereadable } = source;
    yield { kind: 'member', name, key, size, named, isRereadable, bytes: (range = {}) => source.read(range) };
    return;
  }
  const reason = packing.kind === 'closed' ? packing.reason : `packed more than ${DEEPEST} times`;
  if (packing.kind === 'closed' || depth === DEEPEST) {
    if (!source.isRereadable) await close(source.read());
    yield { kind: 'unreadable', name: source.name, reason };
  } else if (packing.kind === 'tar') yield* unpackArchive(source, limits, depth + 1);
  else yield* unpack(decompressed(source, packing.kind, limits), limits, depth + 1);
}

/** The bytes without their layers of compression; an archive stays one. */
export async function* plainBytes(packed: Packed, limits: UnpackLimits = {}, depth = 0): AsyncGenerator<Buffer> {
  const { packing, source } = await tellPacking(packed);
  if (!isCompressed(packing) || depth === DEEPEST) yield* source.read();
  else yield* plainBytes(decompressed(source, packing.kind, limits), limits, depth + 1);
}

/** The first bytes, fewer where there are no more or reading fails: whoever reads on meets that again. */
export async function headOf(chunks: AsyncIterable<Buffer>, count: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      pieces.push(chunk);
      size += chunk.length;
      if (size >= count) break;
    }
  } catch {
    return Buffer.concat(pieces);
  }
  return Buffer.concat(pieces).subarray(0, count);
}

/** Looks at the beginning, and gives the source with that still to be read. */
async function tellPacking(packed: Packed): Promise<{ readonly packing: Packing; readonly source: Packed }> {
  if (packed.isRereadable) {
    return { packing: packingOf(await headOf(packed.read({ to: PACKING_BYTES }), PACKING_BYTES)), source: packed };
  }
  const { head, chunks } = await peek(packed.read(), (bytes) => bytes.length >= PACKING_BYTES);
  return { packing: packingOf(head), source: { ...packed, read: (range = {}) => slice(chunks, range) } };
}

/** Lets go of what was opened to look at it. */
async function close(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of chunks) return;
}

function decompressed(packed: Packed, compression: 'gzip' | 'zstd', limits: UnpackLimits): Packed {
  const { read, isRereadable } = packed;
  const all = (): AsyncIterable<Buffer> =>
    limited(inflate({ compression, read: () => read(), isRereadable }), limits.inflatedBytes);
  return { ...packed, size: undefined, read: (range = {}) => slice(all(), range) };
}

async function* limited(chunks: AsyncIterable<Buffer>, most: number | undefined): AsyncGenerator<Buffer> {
  let left = most ?? Number.POSITIVE_INFINITY;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left < 0)
      throw new DamagedSource(
        `it inflates to more than ${most?.toLocaleString('en')} bytes: --most-inflated allows more`,
      );
  }
}

/** The name, or the first of `name (2)`, `name (3)` and so on that is not taken. `taken`: names, with the last number of each. */
function unused(name: string, taken: Map<string, number>): string {
  let number = taken.get(name) ?? 0;
  let free = name;
  while (taken.has(free)) {
    number += 1;
    free = `${name} (${number})`;
  }
  taken.set(name, Math.max(number, 1)).set(free, 1);
  return free;
}

async function* unpackArchive(
  archive: Packed,
  limits: UnpackLimits,
  depth: number,
): AsyncGenerator<Member | Unreadable> {
  let number = 0;
  const names = new Map<string, number>();
  try {
    for await (const { path, bytes } of untar(archive.read())) {
      number += 1;
      // Two files of an archive may have one name: tar appends a newer version behind the older one.
      const name = unused(`${archive.name}!${path}`, names);
      if (bytes === undefined) {
        yield { kind: 'unreadable', name, reason: 'a sparse file: unpack the archive into a folder and load that' };
        continue;
      }
      const key = archive.key === undefined ? undefined : `${archive.key}!${number}!${path}`;
      const read = (range: SliceRange = {}): AsyncIterable<Buffer> => slice(bytes, range);
      const file = { name, key, size: undefined, named: false, read, isRereadable: false };
      yield* unpack(file, limits, depth);
    }
    if (number === 0) yield { kind: 'unreadable', name: archive.name, reason: 'an archive without files' };
  } catch (error) {
    const reason = `${unreadable(error)}; what follows could not be read`;
    yield { kind: 'unreadable', name: archive.name, reason };
  }
}
