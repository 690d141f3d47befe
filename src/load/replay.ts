import type { ByteRange } from '../audit/document.ts';
import { keep } from './kept.ts';
import { LONGEST_LINE } from './lines.ts';
import { load } from './load.ts';
import type { Quarantine, QuarantineEntry, Rejected } from './quarantine.ts';
import { closeEntries, type OpenEntry, openEntries, readState } from './quarantine-file.ts';
import { type LogRecord, recordsOfLine, textOfLine } from './record.ts';
import { rangeKey, rereadRanges } from './reread.ts';
import { type Source, streamSource } from './sources.ts';
import type { Store } from './store.ts';

/** The store of a namespace. */
export type StoreOf = (namespace: string) => Promise<Store>;

export interface ReplayOptions {
  /** Stops after the entries that are under way; what went through is closed. */
  readonly signal: AbortSignal;
}

/** Why entries remain, and how many. */
export interface RemainingCount {
  readonly reason: string;
  readonly detail: string;
  readonly count: number;
}

export interface ReplayedFile {
  readonly file: string;
  /** Entries that were open. */
  readonly open: number;
  /** Entries that went through now. */
  readonly closed: number;
  readonly remaining: number;
  /** Lines of the file that cannot be read. */
  readonly damaged: number;
  /** Where events were stored. */
  readonly namespaces: readonly string[];
  /** Why those that were tried remain. */
  readonly reasons: readonly RemainingCount[];
}

/** Bounds what is in memory at a time. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ENTRIES = 5000;

/**
 * Sends the open entries of a quarantine file again, through the same loader with the same cluster and namespace, and
 * closes those that went through. Interrupted at any point it can be run again: what was stored is a duplicate then.
 */
export async function replayFile(storeOf: StoreOf, path: string, options: ReplayOptions): Promise<ReplayedFile> {
  const state = await readState(path);
  const reasons = new Map<string, RemainingCount>();
  const namespaces = new Set<string>();
  let closed = 0;
  let { torn } = state;
  for await (const batch of batches(openEntries(path, state))) {
    if (options.signal.aborted) break;
    const done: number[] = [];
    for (const group of groupsOf(batch)) {
      const lines = await replayGroup(storeOf, group, reasons, options);
      if (lines.length > 0 && group[0] !== undefined) namespaces.add(group[0].entry.namespace);
      done.push(...lines);
    }
    if (done.length === 0) continue;
    await closeEntries(path, done, { ...state, torn });
    torn = undefined;
    closed += done.length;
  }
  const { open, damaged } = state;
  return {
    file: path,
    open,
    closed,
    remaining: open - closed,
    damaged,
    namespaces: [...namespaces],
    reasons: [...reasons.values()],
  };
}

async function* batches(entries: AsyncIterable<OpenEntry>): AsyncGenerator<readonly OpenEntry[]> {
  let batch: OpenEntry[] = [];
  let bytes = 0;
  let place = '';
  for await (const open of entries) {
    const { offset, end = offset, original } = open.entry;
    batch.push(open);
    bytes += original.length;
    // Items of a list share its line.
    if (placeOf(open.entry) !== place) bytes += end - offset;
    place = placeOf(open.entry);
    if (bytes < MOST_BYTES && batch.length < MOST_ENTRIES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Entries of one cluster and namespace. */
function groupsOf(batch: readonly OpenEntry[]): readonly (readonly OpenEntry[])[] {
  const groups = new Map<string, OpenEntry[]>();
  for (const open of batch) {
    const key = JSON.stringify([open.entry.namespace, open.entry.cluster]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [open]);
    else known.push(open);
  }
  return [...groups.values()];
}

/** Loads entries, each as a source of its own so that each has a ledger of its own; gives the lines of those that went through. */
async function replayGroup(
  storeOf: StoreOf,
  group: readonly OpenEntry[],
  reasons: Map<string, RemainingCount>,
  options: ReplayOptions,
): Promise<readonly number[]> {
  const [first] = group;
  if (first === undefined) return [];
  const reread = await rereadLines(group);
  const records = new Map<Source, readonly LogRecord[]>();
  for (const { entry } of group) {
    const found = reread.get(placeOf(entry))?.get(entry.sha256);
    records.set(sourceOf(entry), found ?? recordsKept(entry));
  }
  const rejected = new Map<string, Rejected>();
  const { cluster } = first.entry;
  const { report } = await load(await storeOf(first.entry.namespace), [...records.keys()], {
    ...(cluster !== undefined && { cluster }),
    namespace: first.entry.namespace,
    quarantine: remembering(rejected),
    recordsOf: (source) => records.get(source) ?? [],
    signal: options.signal,
  });
  return group.flatMap(({ line, entry }, at) => {
    const file = report.files[at];
    if (file !== undefined && file.read > 0 && file.balanced && file.quarantined === 0) return [line];
    const why = rejected.get(`${entry.source} ${entry.offset}`);
    if (why !== undefined) remain(reasons, why);
    return [];
  });
}

function remain(reasons: Map<string, RemainingCount>, { reason, detail }: Rejected): void {
  const key = `${reason} ${detail}`;
  reasons.set(key, { reason, detail, count: (reasons.get(key)?.count ?? 0) + 1 });
}

function sourceOf({ source }: QuarantineEntry): Source {
  return streamSource(source, async function* () {});
}

/** What remains stands in the quarantine file already: here it is only remembered, by source and offset. */
function remembering(found: Map<string, Rejected>): Quarantine {
  return {
    add: async (rejected) => {
      found.set(`${rejected.origin.file} ${rejected.range?.start ?? rejected.origin.offset}`, rejected);
    },
    sync: async () => {},
    file: () => undefined,
    earlierFiles: () => [],
    close: async () => {},
  };
}

/** What this kaudit reads in a line by the hash of its text: the items of a list, and all of it. */
type RecordsByHash = ReadonlyMap<string, readonly LogRecord[]>;

/** The lines of the entries as their sources have them now, by place. */
async function rereadLines(group: readonly OpenEntry[]): Promise<ReadonlyMap<string, RecordsByHash>> {
  const lines = new Map<string, RecordsByHash>();
  for (const [path, entries] of entriesByPath(group)) {
    const found = await rereadRanges(path, entries.map(rangeOf));
    for (const entry of entries) {
      const bytes = found.get(rangeKey(rangeOf(entry)));
      if (bytes !== undefined && !lines.has(placeOf(entry))) lines.set(placeOf(entry), recordsByHash(entry, bytes));
    }
  }
  return lines;
}

/** Entries that can be read again. */
function entriesByPath(group: readonly OpenEntry[]): ReadonlyMap<string, readonly QuarantineEntry[]> {
  const byPath = new Map<string, QuarantineEntry[]>();
  for (const { entry } of group) {
    const { path, offset, end } = entry;
    if (path === undefined || end === undefined || end - offset > LONGEST_LINE) continue;
    const known = byPath.get(path);
    if (known === undefined) byPath.set(path, [entry]);
    else known.push(entry);
  }
  return byPath;
}

function rangeOf({ offset, end = offset }: QuarantineEntry): ByteRange {
  return { start: offset, end };
}

function placeOf(entry: QuarantineEntry): string {
  return JSON.stringify([entry.source, entry.path, rangeKey(rangeOf(entry))]);
}

function recordsByHash({ source, offset }: QuarantineEntry, bytes: Buffer): RecordsByHash {
  const records = recordsOfLine(source, { bytes, offset, end: offset + bytes.length, overlong: false });
  const byHash = new Map<string, readonly LogRecord[]>();
  for (const record of records) {
    if (record.kind === 'candidate') byHash.set(keep(record.candidate.text).sha256, [record]);
  }
  return byHash.set(keep(textOfLine(bytes)).sha256, records);
}

/** The records of an entry by what was kept of it. */
function recordsKept(entry: QuarantineEntry): readonly LogRecord[] {
  const { source: file, offset, end = offset, original, whole, bytes } = entry;
  if (!whole) return [gone(entry)];
  const kept = bytes === undefined ? Buffer.from(original) : Buffer.from(bytes, 'base64');
  const records = recordsOfLine(file, { bytes: kept, offset, end, overlong: false });
  const [only] = records;
  if (records.length !== 1 || only?.kind !== 'candidate') return records;
  return [{ ...only, candidate: { ...only.candidate, origin: { file, ...entry.origin } } }];
}

function gone({ offset, reason, detail }: QuarantineEntry): LogRecord {
  return {
    kind: 'unparseable',
    offset,
    reason,
    detail: `${detail}; it could not be read again from its source, and not all of it was kept`,
    text: '',
  };
}
