import type { ByteRange, Candidate } from '../audit/document.ts';
import { openUnwrapper, type Piece, type Unwrapper, unwrapYaml } from '../audit/wrappers/index.ts';
import { counted } from './counted.ts';
import { type Line, LONGEST_LINE, splitLines } from './lines.ts';
import type { QuarantineReason } from './quarantine.ts';
import { chooseLayout, type Foreign, type Format, isEnough } from './sniff.ts';
import { DamagedSource, type Peeked, peek, unreadable } from './unpack/index.ts';

/** One thing that was read, in the place of an event. */
export type LogRecord =
  | { readonly kind: 'candidate'; readonly candidate: Candidate; readonly value: unknown }
  | Unparseable
  /** A record of another program: what it is, in the singular. */
  | { readonly kind: 'skipped'; readonly what: string }
  /** The whole source is something else. */
  | Foreign
  /** The source cannot be read to its end. */
  | { readonly kind: 'broken'; readonly reason: string };

export interface Unparseable {
  readonly kind: 'unparseable';
  readonly offset: number;
  readonly range?: ByteRange;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly text: string;
}

/** What was read together. */
export interface RecordGroup {
  /** To be taken one by one, once: parsed events that wait for the others would outlive the young generation. */
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
}

/** Reads a log whatever its layout and wrapping, in groups of records. Bounded memory; never throws for bad input. */
export async function* readRecords(
  file: string,
  bytes: AsyncIterable<Buffer>,
  { from = 0, longestLine = LONGEST_LINE, onBytes, format }: ReadOptions,
): AsyncGenerator<RecordGroup> {
  let end = from;
  const count = (length: number): void => {
    end += length;
    onBytes(length);
  };
  try {
    const peeked = await peek(counted(bytes, count), isEnough);
    yield* readPlain({ file, from, longestLine, peeked, unwrapper: openUnwrapper(), end: () => end }, format);
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

async function* readLines({ file, from, longestLine, peeked, unwrapper, end }: Reading): AsyncGenerator<RecordGroup> {
  for await (const lines of splitLines(peeked.chunks, { from, longest: longestLine })) {
    const resume = (): number | undefined => (unwrapper.isWaiting() ? undefined : endOf(lines.at(-1), end()));
    yield { records: recordsOfLines(file, lines, unwrapper), resume };
  }
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

/** The records of one line, or of a document that was read as one. */
export function recordsOfLine(file: string, line: Line, unwrapper = openUnwrapper()): readonly LogRecord[] {
  const { bytes, offset, end, overlong } = line;
  if (!overlong) return recordsOf(file, unwrapper.take(bytes, offset), { start: offset, end }, bytes);
  const text = bytes.toString('utf8');
  const detail = `a line of ${(end - offset).toLocaleString('en')} bytes: --longest-line allows more`;
  return [{ kind: 'unparseable', offset, range: { start: offset, end }, reason: 'overlong-line', detail, text }];
}

/** Text of a line as it is compared. */
export function textOfLine(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
}

function recordsOf(
  file: string,
  pieces: readonly Piece[],
  line: ByteRange | undefined,
  bytes?: Buffer,
): readonly LogRecord[] {
  return pieces.map((piece) => {
    if (piece.kind === 'skipped') return piece;
    // A line whose parts were joined begins before the one that completed it.
    const range = line && { start: Math.min(line.start, piece.offset), end: line.end };
    return piece.kind === 'event' ? candidateOf(file, piece, range, bytes) : unparseableOf(piece, range);
  });
}

function candidateOf(
  file: string,
  piece: Extract<Piece, { kind: 'event' }>,
  range: ByteRange | undefined,
  bytes: Buffer | undefined,
): LogRecord {
  const { text, value, offset, format, added, invalidBytes } = piece;
  // Not wrapped, and as long as the line it is in: the event is the line, and of one byte a character.
  const isLine = format === 'Event' && bytes?.length === text.length && invalidBytes === undefined;
  const candidate = {
    text,
    ...(isLine && { bytes }),
    ...(invalidBytes && { invalidBytes }),
    ...(range && { range }),
    origin: { file, offset, format, ...added },
  };
  return { kind: 'candidate', candidate, value };
}

function unparseableOf(piece: Extract<Piece, { kind: 'unparseable' }>, range: ByteRange | undefined): LogRecord {
  const { offset, reason: detail, text } = piece;
  const reason = detail.startsWith('not valid JSON') ? 'not-json' : 'broken-wrapping';
  return { kind: 'unparseable', offset, ...(range && { range }), reason, detail, text };
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
