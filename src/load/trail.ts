/** Bytes by which a place in a log is known again. */
const KNOWN_BY = 4096;

/** Most that is held: a longest line, and what is looked at to tell what a log is or is read ahead (records.ts). */
const MOST_HELD = 96 * 1024 * 1024;

/** Remembers the last bytes that have passed, for as long as somebody may ask what stood before a place. */
export interface Trail {
  readonly pass: (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  /** A copy of what stands before a place, which must not be before the last one that was asked for; empty when it is gone. */
  readonly before: (offset: number) => Buffer;
  /** Nobody will ask any more: what still passes is not held. */
  readonly close: () => void;
  /** A copy of the log's first bytes, as far as they have passed. */
  readonly head: () => Buffer;
}

/** `start`: offset of the first byte that passes. `head`: the log's first bytes, where they do not pass. */
export function openTrail(start = 0, head: Buffer = Buffer.alloc(0)): Trail {
  let held: { readonly at: number; readonly bytes: Buffer }[] = [];
  let end = start;
  let first = head;
  let isClosed = false;

  return {
    async *pass(chunks) {
      for await (const bytes of chunks) {
        if (first.length < KNOWN_BY && end === first.length) {
          first = Buffer.concat([first, bytes.subarray(0, KNOWN_BY - first.length)]);
        }
        if (!isClosed) held.push({ at: end, bytes });
        end += bytes.length;
        while (held[0] !== undefined && end - held[0].at > MOST_HELD) held.shift();
        yield bytes;
      }
    },
    before: (offset) => {
      const from = Math.max(0, offset - KNOWN_BY);
      held = held.filter(({ at, bytes }) => at + bytes.length > from);
      return Buffer.concat(
        held.map(({ at, bytes }) => bytes.subarray(Math.max(0, from - at), Math.max(0, offset - at))),
      );
    },
    close: () => {
      isClosed = true;
      held = [];
    },
    head: () => first,
  };
}
