import { isUtf8 } from 'node:buffer';
import type { ByteRange, Candidate } from '../audit/document.ts';
import { unwrap } from '../audit/unwrap.ts';
import { messageOf } from '../shared/errors.ts';
import { DamagedGzip, gunzip, isGzip } from './gunzip.ts';
import { type Line, splitLines } from './lines.ts';
import type { QuarantineReason } from './quarantine.ts';
import { chooseLayout, isEnough, type Peeked, peek } from './sniff.ts';
import { unreadable } from './sources.ts';
import { streamItems } from './stream.ts';

/** One thing that was read, in the place of an event. */
export type LogRecord =
  | { readonly kind: 'candidate'; readonly candidate: Candidate; readonly value: unknown }
  | Unparseable
  | { readonly kind: 'skipped'; readonly reason: string }
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

/** Reads a source whatever its packing and layout, in groups of records. Bounded memory; never throws for bad input. */
export async function* readRecords(
  file: string,
  bytes: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): AsyncGenerator<readonly LogRecord[]> {
  try {
    yield* readPlain(file, await peek(counted(inflated(bytes), onBytes), isEnough));
  } catch (error) {
    yield [{ kind: 'broken', reason: error instanceof DamagedGzip ? error.message : unreadable(error) }];
  }
}

/** The bytes of a source as offsets count them. */
export async function* inflated(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packed = await peek(bytes, (head) => head.length >= 2);
  yield* isGzip(packed.head) ? gunzip(packed.chunks) : packed.chunks;
}

async function* counted(chunks: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

async function* readPlain(file: string, peeked: Peeked): AsyncGenerator<readonly LogRecord[]> {
  const layout = chooseLayout(peeked);
  switch (layout.kind) {
    case 'empty':
      return;
    case 'foreign':
      yield [{ kind: 'skipped', reason: layout.reason }];
      return;
    case 'whole':
      yield recordsOfLine(file, { bytes: peeked.head, offset: 0, end: peeked.head.length, overlong: false });
      return;
    case 'lines':
      for await (const lines of splitLines(peeked.chunks)) yield lines.flatMap((line) => recordsOfLine(file, line));
      return;
    case 'stream':
      yield* readStream(file, peeked.chunks);
  }
}

/** The records of one JSON text: an event, or the items of an EventList or array. None for a blank line. */
export function recordsOfLine(file: string, line: Line): readonly LogRecord[] {
  const text = textOfLine(line.bytes);
  const { offset } = line;
  const range = { start: offset, end: line.end };
  if (line.overlong) {
    return [{ kind: 'unparseable', offset, range, reason: 'overlong-line', detail: 'a line over 64 MiB', text }];
  }
  if (text === '') return [];
  const unwrapped = unwrap(text);
  if (unwrapped.kind === 'unparseable') {
    return [{ kind: 'unparseable', offset, range, reason: 'not-json', detail: unwrapped.reason, text }];
  }
  if (unwrapped.items.length === 0) return [{ kind: 'skipped', reason: `an ${unwrapped.wrapping} without items` }];
  const valid = isUtf8(line.bytes);
  return unwrapped.items.map((item) => {
    const isAlone = unwrapped.wrapping === 'Event';
    const damaged = !valid && (isAlone || item.text.includes('\ufffd'));
    const candidate = {
      text: item.text,
      ...(damaged && { invalidBytes: isAlone ? line.bytes : Buffer.from(item.text) }),
      range,
      origin: { file, offset: offset + item.offset, format: unwrapped.wrapping },
    };
    return { kind: 'candidate', candidate, value: item.value };
  });
}

export function textOfLine(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
}

/** A streamed event has no place in bytes: its offset is its number. */
async function* readStream(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly LogRecord[]> {
  const watch = utf8Watch();
  let number = 0;
  try {
    for await (const { text, wrapping } of streamItems(watch.pass(chunks))) {
      const damaged = !watch.valid() && text.includes('\ufffd');
      const candidate = {
        text,
        ...(damaged && { invalidBytes: Buffer.from(text) }),
        origin: { file, offset: number, format: `${wrapping} (streamed)` },
      };
      yield [{ kind: 'candidate', candidate, value: JSON.parse(text) }];
      number += 1;
    }
  } catch (error) {
    if (error instanceof DamagedGzip) throw error;
    yield [
      {
        kind: 'unparseable',
        offset: number,
        reason: 'broken-json',
        detail: `the JSON breaks after ${number} events: ${messageOf(error)}`,
        text: '',
      },
      { kind: 'broken', reason: `the JSON breaks after ${number} events` },
    ];
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
