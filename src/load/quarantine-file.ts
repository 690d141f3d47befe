import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KauditError, systemCodeOf } from '../shared/errors.ts';
import { type Line, splitLines } from './lines.ts';
import { appendWhole, entrySchema, type QuarantineEntry, unwritable } from './quarantine.ts';
import { unreadable } from './unpack/index.ts';

/**
 * Entries are closed by a line behind them, never by rewriting: whatever happens meanwhile, a byte that was written
 * stays. A closing that a crash cuts off leaves its entries open, and to send them again does no harm.
 */
const closingSchema = z.strictObject({
  /** Numbers of the lines that are done with, as ranges. */
  closed: z.array(z.tuple([z.number(), z.number()])),
  /** Lines that a crash cut off while they were written: they were never counted. */
  torn: z.array(z.number()),
  /** ISO time. */
  at: z.string(),
});
type Closing = z.infer<typeof closingSchema>;

export interface OpenEntry {
  /** Its line in the file, from 1. */
  readonly line: number;
  readonly entry: QuarantineEntry;
}

/** What a quarantine file holds. */
export interface QuarantineState {
  readonly closed: ReadonlySet<number>;
  readonly open: number;
  /** Lines that cannot be read. */
  readonly damaged: number;
  /** The last line, where it was cut off. */
  readonly torn: number | undefined;
  /** How many lines there are, of every kind. */
  readonly lines: number;
}

type Parsed =
  | { readonly kind: 'entry'; readonly entry: QuarantineEntry }
  | { readonly kind: 'closing'; readonly closing: Closing }
  | { readonly kind: 'blank' | 'damaged' };

/** The quarantine files of a folder, oldest first; none where there is no folder. */
export async function listQuarantine(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw cannotRead(folder, error);
  }
}

export async function readState(path: string): Promise<QuarantineState> {
  const closed = new Set<number>();
  const torn = new Set<number>();
  const damaged: number[] = [];
  const entries: number[] = [];
  let last: { readonly line: number; readonly end: number } | undefined;
  const size = await sizeOf(path);
  for await (const { line, end, parsed } of parsedLines(path)) {
    last = { line, end };
    if (parsed.kind === 'entry') entries.push(line);
    else if (parsed.kind === 'damaged') damaged.push(line);
    else if (parsed.kind === 'closing') {
      for (const [from, to] of parsed.closing.closed) {
        for (let at = from; at <= Math.min(to, line); at += 1) closed.add(at);
      }
      for (const at of parsed.closing.torn) torn.add(at);
    }
  }
  const cutOff = last !== undefined && last.end === size && damaged.at(-1) === last.line ? last.line : undefined;
  return {
    closed,
    open: entries.filter((line) => !closed.has(line)).length,
    damaged: damaged.filter((line) => !torn.has(line) && line !== cutOff).length,
    torn: cutOff,
    lines: last?.line ?? 0,
  };
}

/** Entries that were not closed in that state, in the order of the file. */
export async function* openEntries(path: string, { closed, lines }: QuarantineState): AsyncGenerator<OpenEntry> {
  for await (const { line, parsed } of parsedLines(path)) {
    if (line > lines) return;
    if (parsed.kind === 'entry' && !closed.has(line)) yield { line, entry: parsed.entry };
  }
}

/** Closes entries; on the disk when it resolves. */
export async function closeEntries(path: string, lines: readonly number[], { torn }: QuarantineState): Promise<void> {
  const closing: Closing = {
    closed: rangesOf(lines),
    torn: torn === undefined ? [] : [torn],
    at: new Date().toISOString(),
  };
  try {
    const handle = await open(path, 'a');
    try {
      // The newline ends a line that was cut off; after a whole one it is a blank line, which says nothing.
      appendWhole(handle, `\n${JSON.stringify(closing)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function rangesOf(lines: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of lines.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && line <= last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
}

async function sizeOf(path: string): Promise<number> {
  try {
    const handle = await open(path, 'r');
    try {
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

interface ParsedLine {
  readonly line: number;
  readonly end: number;
  readonly parsed: Parsed;
}

async function* parsedLines(path: string): AsyncGenerator<ParsedLine> {
  let line = 0;
  try {
    for await (const group of splitLines(createReadStream(path), { longest: Number.POSITIVE_INFINITY })) {
      for (const { bytes, end } of group) {
        line += 1;
        yield { line, end, parsed: parseLine(bytes) };
      }
    }
  } catch (error) {
    throw error instanceof KauditError ? error : cannotRead(path, error);
  }
}

function parseLine(bytes: Line['bytes']): Parsed {
  if (bytes.length === 0) return { kind: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return { kind: 'damaged' };
  }
  const entry = entrySchema.safeParse(value);
  if (entry.success) return { kind: 'entry', entry: entry.data };
  const closing = closingSchema.safeParse(value);
  return closing.success ? { kind: 'closing', closing: closing.data } : { kind: 'damaged' };
}

function cannotRead(path: string, error: unknown): KauditError {
  return new KauditError('invalid-configuration', `${path} cannot be read: ${unreadable(error)}.`, { cause: error });
}
