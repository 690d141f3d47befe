/** A part of some bytes: from an offset, up to another or the end. */
export interface SliceRange {
  readonly from?: number;
  readonly to?: number;
}

/** That part of a stream; what is before is read and dropped. */
export async function* slice(chunks: AsyncIterable<Buffer>, { from = 0, to }: SliceRange): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(
      Math.max(0, from - position),
      to === undefined ? undefined : Math.max(0, to - position),
    );
    position += chunk.length;
    if (part.length > 0) yield part;
    if (to !== undefined && position >= to) return;
  }
}
