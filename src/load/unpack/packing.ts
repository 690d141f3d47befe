import { hasZstd, NO_ZSTD } from './inflate.ts';

/** What wraps the bytes of a source, told by how they begin: names lie, and a rotation renames. */
export type Packing =
  | { readonly kind: 'plain' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'zstd' }
  | { readonly kind: 'tar' }
  /** Not to be opened here. */
  | { readonly kind: 'closed'; readonly reason: string };

/** So many bytes tell every packing: a tar header is one block. */
export const PACKING_BYTES = 512;

const ZIP = 'a zip archive: unpack it into a folder and load that';
const OTHERS: readonly { readonly begins: string; readonly reason: string }[] = [
  { begins: 'fd377a585a00', reason: 'packed with xz: load it with xz -dc FILE | kaudit load -' },
  { begins: '504b0304', reason: ZIP },
  { begins: '504b0506', reason: ZIP },
];

export function packingOf(head: Buffer): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b) return { kind: 'gzip' };
  if (isZstd(head)) return hasZstd ? { kind: 'zstd' } : { kind: 'closed', reason: NO_ZSTD };
  if (isTar(head)) return { kind: 'tar' };
  if (isBzip2(head)) {
    return { kind: 'closed', reason: 'packed with bzip2: load it with bzip2 -dc FILE | kaudit load -' };
  }
  const hex = head.toString('hex', 0, 6);
  const other = OTHERS.find(({ begins }) => hex.startsWith(begins));
  return other === undefined ? { kind: 'plain' } : { kind: 'closed', reason: other.reason };
}

export function isCompressed(packing: Packing): packing is { readonly kind: 'gzip' | 'zstd' } {
  return packing.kind === 'gzip' || packing.kind === 'zstd';
}

/** A frame, or a skippable frame, with which pzstd begins (RFC 8878, 3.1). */
function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

/**
 * POSIX writes `ustar\0`, GNU `ustar `. A header holds zeros and JSON never does: nobody can make a log look like an
 * archive by the name of their user agent.
 */
function isTar(head: Buffer): boolean {
  return head.length >= PACKING_BYTES && head.toString('latin1', 257, 262) === 'ustar' && head.includes(0);
}

/** `BZh`, the level, then the number pi as the first block's mark. */
function isBzip2(head: Buffer): boolean {
  return /^BZh[1-9]1AY&SY/.test(head.toString('latin1', 0, 10));
}
