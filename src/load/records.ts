import { isUtf8 } from 'node:buffer';
import type { Candidate } from '../audit/document.ts';
import type { AuditEvent } from '../audit/event.ts';
import { readNative } from '../audit/native.ts';
import { unwrap } from '../audit/unwrap.ts';
import { messageOf } from '../shared/errors.ts';
import { type Line, splitLines } from './lines.ts';
import { chooseLayout, isEnough, type Peeked, peek } from './sniff.ts';
import { streamItems } from './stream.ts';
import { DamagedSource, unreadable } from './unpack/index.ts';

/** One thing that was read, in the place of an event. */
export type LogRecord =
  | { readonly kind: 'candidate'; readonly candidate: Candidate; readonly value: unknown }
  /** An event in the API server's own form. */
  | { readonly kind: 'native'; readonly candidate: Candidate; readonly event: AuditEvent }
  | { readonly kind: 'unparseable'; readonly offset: number; readonly reason: string; readonly text: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** The source cannot be read to its end. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Reads unpacked bytes whatever their layout, in groups of records. Bounded memory; never throws for bad input. */
export async function* readRecords(
  file: string,
  bytes: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): AsyncGenerator<Iterable<LogRecord>> {
  try {
    yield* readPlain(file, await peek(counted(bytes, onBytes), isEnough));
  } catch (error) {
    yield [{ kind: 'broken', reason: unreadable(error) }];
  }
}

async function* counted(chunks: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

async function* readPlain(file: string, peeked: Peeked): AsyncGenerator<Iterable<LogRecord>> {
  const layout = chooseLayout(peeked);
  switch (layout.kind) {
    case 'empty':
      return;
    case 'foreign':
      yield [{ kind: 'skipped', reason: layout.reason }];
      return;
    case 'whole':
      yield recordsOfLine(file, { bytes: peeked.head, offset: 0, overlong: false });
      return;
    case 'lines':
      for await (const lines of splitLines(peeked.chunks)) yield recordsOfLines(file, lines);
      return;
    case 'stream':
      yield* readStream(file, peeked.chunks);
  }
}

/** One by one: parsed events that wait for the others would outlive the garbage collector's young generation. */
function* recordsOfLines(file: string, lines: readonly Line[]): Generator<LogRecord> {
  for (const line of lines) {
    const native = nativeRecord(file, line);
    if (native !== undefined) yield native;
    else yield* recordsOfLine(file, line);
  }
}

const OPENING = 0x7b;
const CLOSING = 0x7d;

/** A line that is one event and nothing else, as an API server writes it: its own bytes are what is stored. */
function nativeRecord(file: string, { bytes, offset, overlong }: Line): LogRecord | undefined {
  if (bytes[0] !== OPENING || bytes.at(-1) !== CLOSING || overlong || !isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  const event = readNative(text);
  if (event === undefined) return undefined;
  return { kind: 'native', candidate: { text, bytes, origin: { file, offset, format: 'Event' } }, event };
}

/** The records of one JSON text: an event, or the items of an EventList or array. None for a blank line. */
export function recordsOfLine(file: string, line: Line): readonly LogRecord[] {
  const text = line.bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (line.overlong) return [{ kind: 'unparseable', offset: line.offset, reason: 'a line over 64 MiB', text }];
  if (text === '') return [];
  const unwrapped = unwrap(text);
  if (unwrapped.kind === 'unparseable') return [{ ...unwrapped, offset: line.offset, text }];
  if (unwrapped.items.length === 0) return [{ kind: 'skipped', reason: `an ${unwrapped.wrapping} without items` }];
  const valid = isUtf8(line.bytes);
  return unwrapped.items.map((item) => {
    const isAlone = unwrapped.wrapping === 'Event';
    const damaged = !valid && (isAlone || item.text.includes('\ufffd'));
    const candidate = {
      text: item.text,
      ...(damaged && { invalidBytes: isAlone ? line.bytes : Buffer.from(item.text) }),
      origin: { file, offset: line.offset + item.offset, format: unwrapped.wrapping },
    };
    return { kind: 'candidate', candidate, value: item.value };
  });
}

/** A streamed event has no place in bytes: its offset is its number. */
async function* readStream(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Iterable<LogRecord>> {
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
    if (error instanceof DamagedSource) throw error;
    yield [
      {
        kind: 'unparseable',
        offset: number,
        reason: `the JSON breaks after ${number} events: ${messageOf(error)}`,
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
