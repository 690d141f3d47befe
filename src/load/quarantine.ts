import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { ByteRange, Candidate } from '../audit/document.ts';
import { crashPoint } from '../shared/crash-point.ts';
import { KauditError, messageOf, systemCodeOf } from '../shared/errors.ts';
import { keep } from './kept.ts';
import type { KnownEntries } from './quarantine-known.ts';

/**
 * not-json           a line that does not parse
 * broken-wrapping    a line that is cut off, or lacks the event that it should wrap
 * overlong-line      a line longer than is read, or a value as long within a document
 * broken-json        a document over many lines that ends or breaks early
 * not-an-event       JSON, and no audit event
 * refused-by-server  an event that Elasticsearch takes in no form
 */
export const QUARANTINE_REASONS = [
  'not-json',
  'broken-wrapping',
  'overlong-line',
  'broken-json',
  'not-an-event',
  'refused-by-server',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** A record that could not be indexed. */
export interface Rejected {
  readonly text: string;
  /** The bytes of `text` where they were no UTF-8. */
  readonly invalidBytes?: Buffer;
  /** Of the line or text that it was read from; undefined where a document was streamed. */
  readonly range: ByteRange | undefined;
  readonly origin: Candidate['origin'];
  readonly reason: QuarantineReason;
  readonly detail: string;
}

export const entrySchema = z.strictObject({
  /** Name of the source, as it was given or found. */
  source: z.string(),
  /** Where it lay; undefined for stdin. */
  path: z.string().optional(),
  /** Of the first byte of the line in the (inflated) source; the number of the event where a document was streamed. */
  offset: z.number(),
  /** Of the byte after the line's last; undefined where a document was streamed. */
  end: z.number().optional(),
  reason: z.enum(QUARANTINE_REASONS),
  detail: z.string(),
  original: z.string(),
  whole: z.boolean(),
  sha256: z.string(),
  /** The original in base64, where it is no UTF-8 and nothing had to be redacted. */
  bytes: z.string().optional(),
  /** The event's own place: an item of a list has another than its line. */
  origin: z.strictObject({ offset: z.number(), format: z.string() }),
  cluster: z.string().optional(),
  namespace: z.string(),
});

/** A line of a quarantine file: what is needed to understand the record and to load it again. */
export type QuarantineEntry = z.infer<typeof entrySchema>;

export interface Quarantine {
  readonly add: (rejected: Rejected) => Promise<void>;
  /** Resolves when everything that was added is on the disk: only then may a checkpoint count it as settled. */
  readonly sync: () => Promise<void>;
  /** The file, once something is in it. */
  readonly file: () => string | undefined;
  /** Files of earlier loads that had what was added open already. */
  readonly earlierFiles: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** Where the events of a load go, which a replay must know again. */
export interface Target {
  readonly cluster: string | undefined;
  readonly namespace: string;
}

/**
 * JSON lines in `folder/<run>.jsonl`, readable by its owner only; made when the first entry comes. Never drops: when
 * the disk cannot take an entry, this one and all later calls throw, so that the load stops. What is `known` stays where
 * it is: a log that is loaded again does not fill the quarantine again.
 */
export function openQuarantine(folder: string, run: string, target: Target, known?: KnownEntries): Quarantine {
  const earlier = new Set<string>();
  const path = join(folder, `${run}.jsonl`);
  // One after the other: a long entry takes several writes, and another one's must not come between them.
  const inTurn = pLimit(1);
  let handle: FileHandle | undefined;
  let unsynced = false;
  let failure: KauditError | undefined;

  const write = async (action: () => Promise<void>): Promise<void> => {
    if (failure !== undefined) throw failure;
    try {
      await action();
    } catch (cause) {
      failure = unwritable(path, cause);
      throw failure;
    }
  };
  return {
    add: (rejected) =>
      inTurn(write, async () => {
        const entry = entryOf(rejected, target);
        const file = await known?.fileOf(entry);
        if (file !== undefined) {
          earlier.add(file);
          return;
        }
        handle ??= await openFile(folder, path);
        unsynced = true;
        crashPoint('before-quarantine-write');
        appendWhole(handle, `${JSON.stringify(entry)}\n`);
        crashPoint('after-quarantine-write');
      }),
    sync: () =>
      inTurn(write, async () => {
        crashPoint('before-quarantine-sync');
        if (unsynced) await handle?.sync();
        crashPoint('after-quarantine-sync');
        unsynced = false;
      }),
    file: () => (handle === undefined ? undefined : path),
    earlierFiles: () => [...earlier],
    close: () => inTurn(async () => await handle?.close()),
  };
}

async function openFile(folder: string, path: string): Promise<FileHandle> {
  // Only the quarantine is closed: the embedded node's user must pass through the home.
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const handle = await open(path, 'a', 0o600);
  // A file that is synced can still be lost with its name.
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  return handle;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes all of it: a single write may be cut short. Without a thread, as on a disk of this machine it only goes to the
 * page cache: a log of nothing but what is no event is read three times as fast.
 */
export function appendWhole({ fd }: FileHandle, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function entryOf(rejected: Rejected, { cluster, namespace }: Target): QuarantineEntry {
  const { text, invalidBytes, range, origin, reason, detail } = rejected;
  const kept = keep(text);
  const hasBytes = invalidBytes !== undefined && kept.original === text;
  return {
    source: origin.file,
    ...(origin.file !== '-' && { path: resolve(origin.file) }),
    offset: range?.start ?? origin.offset,
    ...(range !== undefined && { end: range.end }),
    reason,
    detail,
    ...kept,
    ...(hasBytes && { bytes: invalidBytes.toString('base64') }),
    origin: { offset: origin.offset, format: origin.format },
    ...(cluster !== undefined && { cluster }),
    namespace,
  };
}

/** The error of a quarantine file that takes no more. */
export function unwritable(path: string, cause: unknown): KauditError {
  const code = systemCodeOf(cause);
  const hint = 'Then run the same command again: what is stored is not stored twice.';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KauditError('no-disk', `The disk is full: ${path} cannot take what has to be quarantined.`, {
      hint: `Make room. ${hint}`,
      cause,
    });
  }
  return new KauditError('unwritable-output', `${path} cannot be written: ${messageOf(cause)}.`, {
    hint: `Make it writable, or set KAUDIT_HOME to another folder. ${hint}`,
    cause,
  });
}
