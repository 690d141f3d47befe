import * as zlib from 'node:zlib';

/** Compresses with zstd, on a Node that can. The types are of Node 20, which cannot. */
export function zstdSync(plain: string | Buffer): Buffer {
  if (!('zstdCompressSync' in zlib)) throw new Error('this Node has no zstd');
  return (zlib.zstdCompressSync as (bytes: Buffer) => Buffer)(Buffer.from(plain));
}
