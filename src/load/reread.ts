import { Readable } from 'node:stream';
import type { ByteRange } from '../audit/document.ts';
import { findSources } from './sources.ts';

/** Reads ranges of a source's (inflated) bytes in one pass. Those that are not there any more are left out. */
export async function rereadRanges(path: string, ranges: readonly ByteRange[]): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const [source] = await findSources([path], Readable.from([]));
  // Only a file can be read twice: what has no size is a pipe, which might wait for ever.
  if (source?.kind !== 'source' || source.size === undefined || source.name !== path) return found;
  const wanted = [...new Map(ranges.map((range) => [rangeKey(range), range])).values()];
  try {
    for await (const member of source.members()) {
      if (member.kind !== 'member' || member.name !== path) break;
      for await (const [range, bytes] of cutRanges(member.bytes(), wanted)) found.set(rangeKey(range), bytes);
    }
  } catch {
    // Damaged from here on: what came before counts, the rest is left out.
  }
  return found;
}

export function rangeKey({ start, end }: ByteRange): string {
  return `${start}-${end}`;
}

/** Gives each range as soon as its last byte was read, and reads no further than it must. */
export async function* cutRanges(
  chunks: AsyncIterable<Buffer>,
  ranges: readonly ByteRange[],
): AsyncGenerator<readonly [ByteRange, Buffer]> {
  const waiting = ranges.toSorted((a, b) => a.start - b.start);
  let begun: { readonly range: ByteRange; readonly pieces: Buffer[] }[] = [];
  let position = 0;
  for await (const chunk of chunks) {
    const end = position + chunk.length;
    while (waiting[0] !== undefined && waiting[0].start < end)
      begun.push({ range: waiting.shift() ?? waiting[0], pieces: [] });
    for (const { range, pieces } of begun) {
      pieces.push(chunk.subarray(Math.max(0, range.start - position), range.end - position));
    }
    for (const { range, pieces } of begun) if (range.end <= end) yield [range, Buffer.concat(pieces)];
    begun = begun.filter(({ range }) => range.end > end);
    position = end;
    if (waiting.length === 0 && begun.length === 0) return;
  }
}
