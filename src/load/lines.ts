import { DamagedSource } from './unpack/damage.ts';

/** One line without its newline. */
export interface Line {
  /** Bytes of the line; of an overlong one only its beginning. */
  readonly bytes: Buffer;
  /** Of its first byte in the (inflated) source, where the chunks begin at `from`. */
  readonly offset: number;
  /** Of the byte after its last. */
  readonly end: number;
  readonly overlong: boolean;
}

/** Longest line that is read: longer than any event that an API server writes, short enough for memory. */
export const LONGEST_LINE = 64 * 1024 * 1024;

export interface LineOptions {
  /** Offset at which the chunks begin. */
  readonly from?: number;
  /** Bytes of the longest line that is read. */
  readonly longest?: number;
}

const KEPT_OF_OVERLONG = 64 * 1024;
const NEWLINE = 10;

/**
 * Splits bytes into lines at `\n` only (readline would split at U+2028 too, which JSON strings may hold). A missing last
 * newline is fine, and so is one that damage has taken away. Yields what each chunk completes, so that no promise is waited
 * for per line.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  { from = 0, longest = LONGEST_LINE }: LineOptions = {},
): AsyncGenerator<readonly Line[]> {
  let pieces: Buffer[] = [];
  let held = 0;
  let lineStart = from;
  let position = from;

  const hold = (piece: Buffer): void => {
    const wasOverlong = held > longest;
    held += piece.length;
    if (wasOverlong) return;
    pieces.push(piece);
    // At once, and as a copy: its pieces would keep whole chunks until the newline, which may be gigabytes away.
    if (held > longest) pieces = [Buffer.concat(pieces, Math.min(held, KEPT_OF_OVERLONG))];
  };
  const complete = (): Line => {
    const bytes = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
    const line = { bytes, offset: lineStart, end: lineStart + held, overlong: held > longest };
    lineStart += held + 1;
    pieces = [];
    held = 0;
    return line;
  };

  let damage: DamagedSource | undefined;
  try {
    for await (const chunk of chunks) {
      const lines: Line[] = [];
      let start = 0;
      for (let newline = chunk.indexOf(NEWLINE); newline !== -1; newline = chunk.indexOf(NEWLINE, start)) {
        hold(chunk.subarray(start, newline));
        lines.push(complete());
        start = newline + 1;
      }
      if (start < chunk.length) hold(chunk.subarray(start));
      position += chunk.length;
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    // What a disk could not read may be read another time; behind damage there is nothing, and this is all of the line.
    if (!(error instanceof DamagedSource)) throw error;
    damage = error;
  }
  if (lineStart < position) yield [complete()];
  if (damage !== undefined) throw damage;
}

/** Bytes that are all there is. */
export async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
