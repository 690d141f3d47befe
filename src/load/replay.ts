import type { ByteRange } from '../audit/document.ts';
import { requireNamespace } from '../audit/indices.ts';
import { keep } from './kept.ts';
import { LONGEST_LINE } from './lines.ts';
import { load } from './load.ts';
import type { Quarantine, QuarantineEntry, Rejected } from './quarantine.ts';
import { closeEntries, type OpenEntry, openEntries, readState } from './quarantine-file.ts';
import { type LogRecord, recordsOfLine, textOfLine } from './records.ts';
import { rangeKey, rereadRanges } from './reread.ts';
import type { Source } from './sources.ts';
import type { Store } from './store.ts';

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
const BATCH_BYTES = 64 * 1024 * 1024;
const BATCH_ENTRIES = 5000;

/**
 * Sends the open entries of a quarantine file again, through the same loader with the same cluster and namespace, and
 * closes those that went through. Interrupted at any point it can be run again: what was stored is a duplicate then.
 */
export async function replayFile(store: Store, path: string, options: ReplayOptions): Promise<ReplayedFile> {
  const state = await readState(path);
  const reasons = new Map<string, RemainingCount>();
  const namespaces = new Set<string>();
  let closed = 0;
  let { torn } = state;
  for await (const batch of batches(openEntries(path, state))) {
    if (options.signal.aborted) break;
    const done: number[] = [];
    for (const group of groupsOf(batch)) {
      const lines = await replayGroup(store, group, reasons, options);
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
  for await (const open of entries) {
    const { offset, end = offset, original } = open.entry;
    batch.push(open);
    bytes += original.length + end - offset;
    if (bytes < BATCH_BYTES && batch.length < BATCH_ENTRIES) continue;
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
  store: Store,
  group: readonly OpenEntry[],
  reasons: Map<string, RemainingCount>,
  options: ReplayOptions,
): Promise<readonly number[]> {
  const [first] = group;
  if (first === undefined) return [];
  const reread = await rereadLines(group);
  const records = new Map<Source, readonly LogRecord[]>();
  for (const { entry } of group) records.set(sourceOf(entry), recordsOf(entry, reread.get(placeOf(entry))));
  const rejected = new Map<string, Rejected>();
  const { cluster } = first.entry;
  const { report } = await load(store, [...records.keys()], {
    ...(cluster !== undefined && { cluster }),
    namespace: requireNamespace(first.entry.namespace),
    quarantine: remembering(rejected),
    recordsOf: async function* (source) {
      yield records.get(source) ?? [];
    },
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
  return { name: source, size: undefined, named: true, open: async function* () {} };
}

/** What remains stands in the quarantine file already: here it is only remembered, by source and offset. */
function remembering(found: Map<string, Rejected>): Quarantine {
  return {
    add: async (rejected) => {
      found.set(`${rejected.origin.file} ${rejected.range?.start ?? rejected.origin.offset}`, rejected);
    },
    sync: async () => {},
    file: () => undefined,
    close: async () => {},
  };
}

/** The lines of the entries as their sources have them now, by place. */
async function rereadLines(group: readonly OpenEntry[]): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = new Map<string, ByteRange[]>();
  for (const { entry } of group) {
    const { path, offset: start, end } = entry;
    if (path === undefined || end === undefined || end - start > LONGEST_LINE) continue;
    const known = wanted.get(path);
    if (known === undefined) wanted.set(path, [{ start, end }]);
    else known.push({ start, end });
  }
  const lines = new Map<string, Buffer>();
  for (const [path, ranges] of wanted) {
    for (const [key, bytes] of await rereadRanges(path, ranges)) lines.set(`${path} ${key}`, bytes);
  }
  return lines;
}

function placeOf({ path, offset, end }: QuarantineEntry): string {
  return `${path} ${rangeKey({ start: offset, end: end ?? offset })}`;
}

/** The records of an entry: from its source where that still has it, else from what was kept. */
function recordsOf(entry: QuarantineEntry, line: Buffer | undefined): readonly LogRecord[] {
  const { source: file, offset, end = offset, original, whole, bytes } = entry;
  const found = line && recordsWithin(entry, line);
  if (found !== undefined) return found;
  if (!whole) return [gone(entry)];
  const kept = bytes === undefined ? Buffer.from(original) : Buffer.from(bytes, 'base64');
  const records = recordsOfLine(file, { bytes: kept, offset, end, overlong: false });
  const [only] = records;
  if (records.length !== 1 || only?.kind !== 'candidate') return records;
  return [{ ...only, candidate: { ...only.candidate, origin: { file, ...entry.origin } } }];
}

/** What this kaudit reads in the line, if it is the entry's: all of it, or the one item of its list. */
function recordsWithin({ source, offset, sha256 }: QuarantineEntry, bytes: Buffer): readonly LogRecord[] | undefined {
  const records = recordsOfLine(source, { bytes, offset, end: offset + bytes.length, overlong: false });
  if (keep(textOfLine(bytes)).sha256 === sha256) return records;
  const same = records.find((record) => record.kind === 'candidate' && keep(record.candidate.text).sha256 === sha256);
  return same && [same];
}

function gone({ offset, reason, detail }: QuarantineEntry): LogRecord {
  return {
    kind: 'unparseable',
    offset,
    reason,
    detail: `${detail}; its source is gone or has changed, and not all of it could be kept`,
    text: '',
  };
}
