/** Follows the frames of a zstd stream: Node's decompressor does not say when the last one is cut off. */
export interface ZstdFrames {
  readonly take: (chunk: Buffer) => void;
  /** Whether the bytes taken end where a frame ends. */
  readonly atEnd: () => boolean;
}

/** What is read next: a field of so many bytes, and what follows it. */
type Field = { readonly size: number; readonly after: (bytes: Buffer) => Step };
/** Bytes to pass over, and what follows them. */
type Step = { readonly skip: number; readonly next: Field };

const FRAME_MAGIC = 0xfd2fb528;
const RLE_BLOCK = 1;

/** Frame layout: RFC 8878, 3.1. */
const frameStart: Field = {
  size: 5,
  after: (bytes) => {
    if (bytes.readUInt32LE(0) !== FRAME_MAGIC) return { skip: 0, next: skippableSize(bytes[4] ?? 0) };
    const descriptor = bytes[4] ?? 0;
    const isSingle = (descriptor & 0x20) !== 0;
    const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const contentSize = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    return { skip: (isSingle ? 0 : 1) + dictionary + contentSize, next: block((descriptor & 4) !== 0) };
  },
};

function skippableSize(lowest: number): Field {
  return { size: 3, after: (bytes) => ({ skip: lowest + bytes.readUIntLE(0, 3) * 256, next: frameStart }) };
}

function block(hasChecksum: boolean): Field {
  return {
    size: 3,
    after: (bytes) => {
      const header = bytes.readUIntLE(0, 3);
      const isLast = (header & 1) !== 0;
      const content = ((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3;
      if (!isLast) return { skip: content, next: block(hasChecksum) };
      return { skip: content + (hasChecksum ? 4 : 0), next: frameStart };
    },
  };
}

export function zstdFrames(): ZstdFrames {
  let field = frameStart;
  let read = Buffer.alloc(0);
  let skip = 0;
  return {
    atEnd: () => field === frameStart && read.length === 0 && skip === 0,
    take: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const wanted = skip > 0 ? skip : field.size - read.length;
        const taken = chunk.subarray(at, at + wanted);
        at += taken.length;
        if (skip > 0) {
          skip -= taken.length;
          continue;
        }
        read = Buffer.concat([read, taken]);
        if (read.length < field.size) continue;
        ({ skip, next: field } = field.after(read));
        read = Buffer.alloc(0);
      }
    },
  };
}
