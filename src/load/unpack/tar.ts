import { type ExtractEvents, extract, type Header } from 'tar-stream';
import { messageOf } from '../../shared/errors.ts';
import { DamagedSource } from './damage.ts';

/** A file of an archive. */
export interface ArchivedFile {
  /** As the archive says it: never a path to open or to write. */
  readonly path: string;
  /** There until the next file is asked for; undefined for a sparse file, whose bytes are no bytes of the log. */
  readonly bytes: AsyncIterable<Buffer> | undefined;
}

/**
 * Reads an archive file by file; folders, links and devices are passed over. Throws DamagedSource after everything before
 * the damage has been delivered: from the file that it cuts off, and from the archive.
 */
export async function* untar(chunks: AsyncIterable<Buffer>): AsyncGenerator<ArchivedFile> {
  const archive = openArchive(chunks);
  try {
    for (;;) {
      const header = await archive.open();
      if (header === undefined) return;
      const bytes = archive.bytes();
      const isSparse = header.type === null || hasSparseMap(header);
      if (isSparse) yield { path: header.name, bytes: undefined };
      else if (header.type === 'file' || header.type === 'contiguous-file') yield { path: header.name, bytes };
      archive.skip();
    }
  } finally {
    await archive.close();
  }
}

/** tar-stream gives no type to what it does not know, such as GNU's sparse files, which its own types leave out. */
type EntryHeader = Omit<Header, 'type'> & { readonly type: Header['type'] | null };

function hasSparseMap({ pax }: EntryHeader): boolean {
  return typeof pax === 'object' && pax !== null && 'GNU.sparse.major' in pax;
}

type EntryStream = ExtractEvents['entry'][1];

interface OpenArchive {
  /** Opens the next entry, after the bytes of the one before; undefined at the end. */
  readonly open: () => Promise<EntryHeader | undefined>;
  /** The open entry's bytes. */
  readonly bytes: () => AsyncGenerator<Buffer>;
  /** Lets go of the open entry. */
  readonly skip: () => void;
  readonly close: () => Promise<void>;
}

interface Entry {
  readonly header: EntryHeader;
  readonly next: () => void;
  readonly output: Buffer[];
  hasEnded: boolean;
  isSkipped: boolean;
}

/**
 * Feeds tar-stream a chunk at a time and takes what comes out before the next: a stream that fails drops what it has not
 * yet delivered. It reads no header before the entry before is released.
 */
function openArchive(chunks: AsyncIterable<Buffer>): OpenArchive {
  const input = chunks[Symbol.asyncIterator]();
  // Room for nothing: every chunk ends in a drain.
  const parser = extract({ highWaterMark: 1 });
  const end = endWatch();
  const bell = openBell();
  let coming: Entry | undefined;
  let current: Entry | undefined;
  let failure: unknown;
  let isOver = false;
  let isHungry = true;

  const finish = (error?: unknown): void => {
    failure ??= error;
    isOver = true;
    bell.ring();
  };
  parser.on('drain', () => {
    isHungry = true;
    bell.ring();
  });
  parser.on('error', (error: Error) => finish(damage(messageOf(error))));
  parser.on('entry', (header, stream, next) => {
    coming = collect(header, stream, next, bell.ring);
    bell.ring();
  });

  const feed = async (): Promise<void> => {
    isHungry = false;
    try {
      const step = await input.next();
      if (!step.done) {
        end.take(step.value);
        parser.write(step.value);
      } else if (current !== undefined && !current.hasEnded) finish(damage('it is cut off'));
      else finish(end.isMarked() ? undefined : damage('its end is missing'));
    } catch (error) {
      finish(error);
    }
  };
  /** Waits until something has happened. */
  const proceed = async (): Promise<void> => {
    const rung = bell.rung();
    if (isHungry) void feed();
    await rung;
    // Streams tell what they have within the same turn.
    await new Promise(setImmediate);
  };

  return {
    open: async () => {
      while (current?.hasEnded === false && !isOver) await proceed();
      current?.next();
      current = undefined;
      while (coming === undefined && !isOver) await proceed();
      current = coming;
      coming = undefined;
      if (current === undefined && failure !== undefined) throw failure;
      return current?.header;
    },
    bytes: async function* () {
      for (const entry = current; entry !== undefined; ) {
        yield* entry.output.splice(0);
        if (entry.output.length > 0) continue;
        if (entry.hasEnded) return;
        if (isOver) throw failure;
        await proceed();
      }
    },
    skip: () => {
      if (current !== undefined) current.isSkipped = true;
    },
    close: async () => {
      parser.destroy();
      await input.return?.();
    },
  };
}

/** Collects what comes of an entry, as fast as it comes. */
function collect(header: Header, stream: EntryStream, next: () => void, onNews: () => void): Entry {
  const entry: Entry = { header, next, output: [], hasEnded: false, isSkipped: false };
  stream.on('data', (chunk: unknown) => {
    if (!entry.isSkipped && Buffer.isBuffer(chunk)) entry.output.push(chunk);
    onNews();
  });
  stream.on('end', () => {
    entry.hasEnded = true;
    onNews();
  });
  // The parser tells the same.
  stream.on('error', () => {});
  return entry;
}

interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring. */
  readonly rung: () => Promise<void>;
}

function openBell(): Bell {
  let wake = (): void => {};
  return {
    ring: () => wake(),
    rung: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
}

function damage(how: string): DamagedSource {
  return new DamagedSource(`the tar archive is damaged: ${how}`);
}

const BLOCK = 512;

/** Watches for the zeros at the end: without them an archive that is cut off between two files looks whole. */
function endWatch(): { readonly take: (chunk: Buffer) => void; readonly isMarked: () => boolean } {
  let last = Buffer.alloc(0);
  return {
    take: (chunk) => {
      last = Buffer.concat([last, chunk.subarray(-BLOCK)]).subarray(-BLOCK);
    },
    isMarked: () => last.length === BLOCK && last.every((byte) => byte === 0),
  };
}
