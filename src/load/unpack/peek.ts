/** Most that is read ahead, and the largest text that is parsed in one piece. */
const MOST_PEEKED = 16 * 1024 * 1024;

/** What was read ahead, and the rest. */
export interface Peeked {
  readonly head: Buffer;
  /** True when the head is all there is. */
  readonly whole: boolean;
  /** True when reading failed behind the head. */
  readonly broken: boolean;
  /** Everything from the beginning, the head included. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Lets go of the source without reading the rest. */
  readonly close: () => Promise<void>;
}

/** Reads ahead until `enough` says so of what has been read, at most MOST_PEEKED. */
export async function peek(source: AsyncIterable<Buffer>, enough: (head: Buffer) => boolean): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let head = Buffer.alloc(0);
  let size = 0;
  let whole = false;
  let failure: unknown;
  for (let wanted = 1; size < MOST_PEEKED; wanted = size * 2) {
    while (size < wanted) {
      // What was read before a failure is still to be delivered; the failure comes after it.
      const step = await iterator.next().catch((error: unknown) => {
        failure = error;
        return { done: true as const, value: undefined };
      });
      if (step.done) {
        whole = true;
        break;
      }
      pieces.push(step.value);
      size += step.value.length;
    }
    head = Buffer.concat(pieces);
    if (whole || enough(head)) break;
  }
  const broken = failure !== undefined;
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  return { head, whole: whole && !broken, broken, chunks: rejoin(pieces, iterator, failure), close };
}

/** What was read ahead, then what went wrong meanwhile, or the rest. */
export async function* rejoin(pieces: Buffer[], rest: AsyncIterator<Buffer>, failure: unknown): AsyncGenerator<Buffer> {
  try {
    yield* pieces.splice(0);
    if (failure !== undefined) throw failure;
    for (;;) {
      const step = await rest.next();
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await rest.return?.();
  }
}
