import type { DocumentContext } from '../audit/document.ts';
import { openUnwrapper, type Piece, type Unwrapper, unwrapYaml } from '../audit/wrappers/index.ts';
import { counted } from './counted.ts';
import { type Line, LONGEST_LINE, only, splitLines } from './lines.ts';
import { type LogRecord, recordsOf, recordsOfLine } from './record.ts';
import { chooseLayout, type Format, isEnough } from './sniff.ts';
import { type Block, blocksOf, linesOf } from './threads/blocks.ts';
import { documentsOf, type Parcel } from './threads/parcel.ts';
import type { Threads } from './threads/pool.ts';
import { DamagedSource, type Peeked, peek, unreadable } from './unpack/index.ts';

/** What was read together. */
export interface RecordGroup {
  /**
   * To be taken one by one, once, before the next group is asked for: parsed events that wait for the others would outlive
   * the young generation, and the memory of a block is soon another's.
   */
  readonly records: Iterable<LogRecord>;
  /**
   * When all records have been taken: the byte of the source at which reading may start again once they are done;
   * undefined while a line waits for its rest. Not a function where reading cannot start again any more, as within a
   * document: no later group of the log has such a place then.
   */
  readonly resume: (() => number | undefined) | undefined;
}

export interface ReadOptions {
  /** Bytes of the longest line that is read. */
  readonly longestLine?: number;
  /** Byte of the source at which the bytes begin. */
  readonly from?: number;
  /** Told about every piece that is read, after inflating. */
  readonly onBytes: (count: number) => void;
  /** The layout that the user insists on. */
  readonly format?: Format;
  readonly helpers?: Helpers;
}

/** Other threads, and what they have to know to make documents. */
export interface Helpers {
  readonly threads: Threads;
  readonly context: DocumentContext;
}

/** Reads a log whatever its layout and wrapping, in groups of records. Bounded memory; never throws for bad input. */
export async function* readRecords(
  file: string,
  bytes: AsyncIterable<Buffer>,
  { from = 0, longestLine = LONGEST_LINE, onBytes, format, helpers }: ReadOptions,
): AsyncGenerator<RecordGroup> {
  let end = from;
  const count = (length: number): void => {
    end += length;
    onBytes(length);
  };
  try {
    const peeked = await peek(counted(bytes, count), isEnough);
    const unwrapper = openUnwrapper();
    yield* readPlain({ file, from, longestLine, peeked, unwrapper, end: () => end, helpers }, format);
  } catch (error) {
    yield together([{ kind: 'broken', reason: error instanceof DamagedSource ? error.message : unreadable(error) }]);
  }
}

/** Records after which reading cannot start again, nor after any later ones. */
function together(records: readonly LogRecord[]): RecordGroup {
  return { records, resume: undefined };
}

/** A source that is being read. */
interface Reading {
  readonly file: string;
  readonly from: number;
  readonly longestLine: number;
  readonly peeked: Peeked;
  readonly unwrapper: Unwrapper;
  /** Byte of the source up to which has been read. */
  readonly end: () => number;
  readonly helpers: Helpers | undefined;
}

async function* readPlain(reading: Reading, format: Format | undefined): AsyncGenerator<RecordGroup> {
  let failure: { readonly error: unknown } | undefined;
  try {
    yield* readLayout(reading, format);
  } catch (error) {
    failure = { error };
  }
  // A source that breaks off still says what was waiting.
  const waiting = reading.unwrapper.end();
  if (waiting.length > 0) yield together(recordsOf(reading.file, waiting, undefined));
  if (failure !== undefined) throw failure.error;
}

const LINES = { kind: 'lines' } as const;

async function* readLayout(reading: Reading, format: Format | undefined): AsyncGenerator<RecordGroup> {
  const { file, peeked, unwrapper } = reading;
  // Reading begins in the middle of lines only, and the rest of a log may look like something else.
  const layout = reading.from > 0 ? LINES : chooseLayout(peeked, format);
  switch (layout.kind) {
    case 'empty':
    case 'foreign':
      // What a source is cannot be said of one that failed at once: its own failure is the answer.
      if (peeked.broken) yield* readLines(reading);
      await peeked.close();
      if (layout.kind === 'empty') return;
      yield together([layout]);
      return;
    case 'whole':
      yield together(recordsOf(file, unwrapper.take(peeked.head, 0), { start: 0, end: peeked.head.length }));
      return;
    case 'yaml':
      yield together(recordsOf(file, unwrapYaml(peeked.head.toString('utf8')), undefined));
      return;
    case 'lines':
      yield* readLines(reading);
      return;
    case 'stream':
      yield* readStream(reading);
  }
}

async function* readLines(reading: Reading): AsyncGenerator<RecordGroup> {
  if (reading.helpers === undefined) yield* readLinesHere(reading, reading.from, reading.peeked.chunks);
  else yield* readLinesAhead(reading, reading.helpers);
}

async function* readLinesHere(
  { file, longestLine, unwrapper, end }: Reading,
  from: number,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<RecordGroup> {
  for await (const lines of splitLines(chunks, { from, longest: longestLine })) {
    const resume = (): number | undefined => (unwrapper.isWaiting() ? undefined : endOf(lines.at(-1), end()));
    yield { records: recordsOfLines(file, lines, unwrapper), resume };
  }
}

/** Bytes that may be with other threads, for each log that is read. */
const MOST_AHEAD = 16 * 1024 * 1024;

/** Other threads make documents of the next blocks; what they leave, and the rest, is read here. In the order of the log. */
async function* readLinesAhead(reading: Reading, { threads, context }: Helpers): AsyncGenerator<RecordGroup> {
  const { file, from, longestLine: longest, peeked, unwrapper } = reading;
  const { memory, blockBytes } = threads;
  const ahead: Ahead[] = [];
  for await (const part of blocksOf(peeked.chunks, { from, longest, blockBytes, memory })) {
    if (part.kind === 'block')
      ahead.push({ block: part, coming: threads.parcelOf({ ...part, file, longest, context }) });
    while (part.kind === 'rest' ? ahead.length > 0 : isFar(ahead, threads.count)) {
      const { block, coming } = ahead.shift() as Ahead;
      const parcel = await coming;
      // A line that waits for its rest may find it in this block.
      if (parcel === undefined || unwrapper.isWaiting()) yield* readBlockHere(reading, block);
      else yield { records: documentsOf(block, parcel), resume: () => block.offset + block.length };
      memory.give(block.memory);
    }
    if (part.kind === 'rest') yield* readLinesHere(reading, part.offset, part.chunks);
  }
}

/** From a copy: a line that waits for its rest may wait longer than the block has its memory. */
function readBlockHere(reading: Reading, block: Block): AsyncGenerator<RecordGroup> {
  return readLinesHere(reading, block.offset, only(Buffer.from(linesOf(block))));
}

/** A block that another thread has. */
interface Ahead {
  readonly block: Block;
  readonly coming: Promise<Parcel | undefined>;
}

/** Whether every thread has a block and another is ready for the first that is done, or memory says stop. */
function isFar(ahead: readonly Ahead[], threads: number): boolean {
  return ahead.length > threads + 1 || ahead.reduce((sum, { block }) => sum + block.length, 0) > MOST_AHEAD;
}

/** Where the next line begins. A line without its newline may still be written: nothing is marked behind it. */
function endOf(line: Line | undefined, end: number): number | undefined {
  if (line === undefined || line.overlong) return undefined;
  const lineEnd = line.offset + line.bytes.length;
  return lineEnd < end ? lineEnd + 1 : undefined;
}

function* recordsOfLines(file: string, lines: readonly Line[], unwrapper: Unwrapper): Generator<LogRecord> {
  for (const line of lines) yield* recordsOfLine(file, line, unwrapper);
}

/** A streamed event has no place in bytes: its offset is its number. */
async function* readStream({ file, longestLine, peeked, unwrapper }: Reading): AsyncGenerator<RecordGroup> {
  const watch = utf8Watch();
  let number = 0;
  const numbered = (piece: Piece): Piece => {
    if (piece.kind === 'skipped') return piece;
    const offset = number;
    number += 1;
    if (piece.kind === 'unparseable') return { ...piece, offset };
    const damaged = !watch.valid() && piece.text.includes('\ufffd');
    const invalid = damaged && { invalidBytes: Buffer.from(piece.text) };
    return { ...piece, offset, format: `${piece.format} (streamed)`, ...invalid };
  };
  // Few logs need it: the others begin without it.
  const { BrokenJson, streamItems } = await import('./stream.ts');
  try {
    for await (const { before, text, after, length, overlong } of streamItems(watch.pass(peeked.chunks), longestLine)) {
      if (overlong) {
        const detail = `a value of ${length.toLocaleString('en')} characters: --longest-line allows more`;
        yield together([{ kind: 'unparseable', offset: number, reason: 'overlong-line', detail, text }]);
        number += 1;
        continue;
      }
      const pieces = unwrapper.take(Buffer.from(before + text + after), number);
      yield together(recordsOf(file, pieces.map(numbered), undefined));
    }
  } catch (error) {
    if (!(error instanceof BrokenJson)) throw error;
    const reason = `the JSON breaks after ${number} events`;
    yield together([
      {
        kind: 'unparseable',
        offset: number,
        reason: 'broken-json',
        detail: `${reason}: ${error.message}`,
        text: '',
      },
      { kind: 'broken', reason },
    ]);
  }
}

/** Watches whether everything that passes is UTF-8. */
function utf8Watch(): { pass: (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>; valid: () => boolean } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let valid = true;
  return {
    valid: () => valid,
    async *pass(chunks) {
      for await (const chunk of chunks) {
        try {
          if (valid) decoder.decode(chunk, { stream: true });
        } catch {
          valid = false;
        }
        yield chunk;
      }
    },
  };
}
