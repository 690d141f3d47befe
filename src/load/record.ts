import type { AuditDocument, ByteRange, Candidate } from '../audit/document.ts';
import { openUnwrapper, type Piece } from '../audit/wrappers/index.ts';
import type { Line } from './lines.ts';
import type { QuarantineReason } from './quarantine.ts';
import type { Foreign } from './sniff.ts';

/** One thing that was read, in the place of an event. */
export type LogRecord =
  | { readonly kind: 'candidate'; readonly candidate: Candidate; readonly value: unknown }
  /** A candidate of which another thread has made its document. */
  | { readonly kind: 'document'; readonly document: LoadDocument }
  | Unparseable
  /** A record of another program: what it is, in the singular. */
  | { readonly kind: 'skipped'; readonly what: string }
  /** The whole source is something else. */
  | Foreign
  /** The source cannot be read to its end. */
  | { readonly kind: 'broken'; readonly reason: string };

/** What a load has to know of a document. */
export type LoadDocument = Omit<AuditDocument, 'hash'>;

export interface Unparseable {
  readonly kind: 'unparseable';
  readonly offset: number;
  readonly range?: ByteRange;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly text: string;
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

export function recordsOf(
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
