import pLimit from 'p-limit';
import { type AuditDocument, type DocumentContext, documentOf, documentOfEvent } from '../audit/document.ts';
import { eventsIndex } from '../audit/indices.ts';
import { BATCH_BYTES } from './batch.ts';
import type { Checkpoints } from './checkpoints.ts';
import { type Delivery, deliverBatch } from './deliver.ts';
import { closeLedger, FileLedger, type LoadReport, type Span, settle, widen } from './ledger.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { openQuarantine, type Quarantine } from './quarantine.ts';
import { type LogRecord, readRecords } from './records.ts';
import { openResumption, type Resumption } from './resume.ts';
import type { Format } from './sniff.ts';
import type { FoundSource } from './sources.ts';
import type { Store } from './store.ts';
import type { Member } from './unpack/index.ts';
import { openWindow } from './window.ts';

export interface LoadOptions {
  /** Name that the events' cluster gets: nothing in an event says which cluster it is from. */
  readonly cluster?: string;
  readonly namespace: string;
  /** Folder for what cannot be indexed. */
  readonly quarantineFolder: string;
  /** Layout of the files, where the user insists on one. */
  readonly format?: Format;
  /** Stops reading; what has been read is still delivered. */
  readonly signal: AbortSignal;
  /** Where it is remembered how far the load is. */
  readonly checkpoints?: Checkpoints;
  /** Told about each file as it begins and as it proceeds. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly events: number;
  /** Bytes read from disk, of how many; undefined where a source has no size. */
  readonly bytes: number;
  readonly total: number | undefined;
}

export interface LoadResult {
  readonly report: LoadReport;
  /** Something was quarantined, a source could not be read to its end, or one that was named was left out. */
  readonly partial: boolean;
}

const FILES_AT_ONCE = 2;
/** All that may be under way: less than a tenth of the smallest heap that a server should have. */
const MOST_UNDER_WAY = 8 * BATCH_BYTES;

/** What the files of one load share. */
interface Run {
  readonly options: LoadOptions;
  readonly context: DocumentContext;
  readonly outbox: Outbox;
  readonly quarantine: Quarantine;
  readonly resumption: Resumption;
  readonly span: Span;
  events: number;
  inflated: number;
  readFromDisk: number;
  readonly totalOnDisk: number | undefined;
}

/**
 * Loads sources into Elasticsearch, every record with one fate in the ledger. Bad input never ends a load: it is
 * degraded, quarantined or skipped with a reason. Throws only when Elasticsearch cannot take more.
 */
export async function load(store: Store, sources: readonly FoundSource[], options: LoadOptions): Promise<LoadResult> {
  const started = performance.now();
  const run = openRun(store, sources, options);
  const limit = pLimit(FILES_AT_ONCE);
  try {
    const ledgers = (await Promise.all(sources.map((source) => limit(() => loadSource(run, source))))).flat();
    await run.outbox.finish();
    if (!options.signal.aborted) await run.resumption.forget();
    const seconds = (performance.now() - started) / 1000;
    const { span, inflated: bytes, quarantine } = run;
    const report = closeLedger(ledgers, { span, seconds, bytes, quarantineFile: quarantine.file() });
    return { report, partial: report.quarantined > 0 || ledgers.some((ledger) => ledger.partial) };
  } finally {
    limit.clearQueue();
    await run.resumption.close();
    await run.quarantine.close();
  }
}

function openRun(store: Store, sources: readonly FoundSource[], options: LoadOptions): Run {
  const ingested = new Date().toISOString();
  const { cluster, namespace, checkpoints } = options;
  const context: DocumentContext = { cluster, namespace, bucket: store.bucket, ingested };
  const quarantine = openQuarantine(options.quarantineFolder, `${ingested.replaceAll(/[-:]/g, '')}-${process.pid}`);
  const window = openWindow({ step: BATCH_BYTES, most: MOST_UNDER_WAY });
  const delivery: Delivery = { store, context, quarantine, ready: new Map(), onRefusal: window.shrink };
  const resumption = openResumption({ store, checkpoints, quarantine });
  const deliver = async (batch: Parameters<typeof deliverBatch>[1]): Promise<void> => {
    await deliverBatch(delivery, batch);
    await resumption.saveNowAndThen(batch.indices);
  };
  return {
    options,
    context,
    quarantine,
    resumption,
    outbox: openOutbox(deliver, window),
    span: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
    events: 0,
    inflated: 0,
    readFromDisk: 0,
    totalOnDisk: totalSize(sources),
  };
}

function totalSize(sources: readonly FoundSource[]): number | undefined {
  let total = 0;
  for (const source of sources) {
    if (source.kind !== 'source') continue;
    if (source.size === undefined) return undefined;
    total += source.size;
  }
  return total;
}

/** A ledger for each log in the source: one, or as many as an archive holds. */
async function loadSource(run: Run, source: FoundSource): Promise<readonly FileLedger[]> {
  if (source.kind !== 'source') return [leftOut(source)];
  if (run.options.signal.aborted) return [interrupted(new FileLedger(source.name))];
  const ledgers: FileLedger[] = [];
  let remark: string | undefined;
  const members = source.members({
    onRead: (bytes) => {
      run.readFromDisk += bytes;
    },
    onRemark: (text) => {
      remark = text;
    },
  });
  for await (const member of members) {
    const ledger = member.kind === 'member' ? await loadMember(run, member) : leftOut(member);
    ledgers.push(ledger);
    ledger.reason ??= remark;
    if (run.options.signal.aborted) break;
  }
  return ledgers;
}

function leftOut({ kind, name, reason }: Exclude<FoundSource, { readonly kind: 'source' }>): FileLedger {
  const ledger = new FileLedger(name);
  leaveOut(ledger, reason);
  ledger.partial = kind === 'unreadable';
  return ledger;
}

async function loadMember(run: Run, member: Member): Promise<FileLedger> {
  const { from, bytes, ledger, done } = await run.resumption.open(member);
  const onBytes = (count: number): void => {
    run.inflated += count;
  };
  const { format } = run.options;
  const groups = readRecords(member.name, bytes, { from, onBytes, ...(format !== undefined && { format }) });
  for await (const { records, resume } of groups) {
    for (const record of records) {
      // Waiting for each, ready or not, would cost as much as reading it.
      const pause = take(run, ledger, record);
      if (pause !== undefined) await pause;
    }
    const place = resume();
    if (place !== undefined) done(place);
    run.options.onProgress?.({ events: run.events, bytes: run.readFromDisk, total: run.totalOnDisk });
    if (run.options.signal.aborted) return interrupted(ledger);
  }
  const { read, skipped } = ledger.report();
  if (read === 0) ledger.reason ??= 'nothing in it';
  ledger.partial ||= member.named && skipped === read;
  return ledger;
}

/** What was read of the file is still delivered; what was not is left for the next run. */
function interrupted(ledger: FileLedger): FileLedger {
  ledger.partial = true;
  ledger.reason = 'interrupted: not read to its end';
  return ledger;
}

/** Sees to one record; a promise where the next has to wait. */
function take(run: Run, ledger: FileLedger, record: LogRecord): Promise<void> | undefined {
  switch (record.kind) {
    case 'broken':
      ledger.partial = true;
      ledger.reason = record.reason;
      return undefined;
    case 'foreign':
      leaveOut(ledger, record.reason);
      return undefined;
    case 'skipped':
      ledger.skip(record.what);
      return undefined;
    case 'unparseable':
      run.events += 1;
      return quarantineText(run, ledger, record);
    case 'native':
      return send(run, ledger, documentOfEvent(record.candidate, record.event, run.context));
    case 'candidate': {
      const { candidate, value } = record;
      const result = documentOf(candidate, value, run.context);
      if (result.kind === 'document') return send(run, ledger, result.document);
      const { offset } = candidate.origin;
      return quarantineText(run, ledger, { offset, reason: result.reason, text: candidate.text });
    }
  }
}

function send(run: Run, ledger: FileLedger, document: AuditDocument): Promise<void> | undefined {
  run.events += 1;
  widen(run.span, document.micros);
  const full = run.outbox.add(document, {
    index: eventsIndex(run.context.namespace, document.period),
    id: document.id,
    degraded: document.degraded !== undefined,
    segment: ledger.read(),
  });
  return full ? run.outbox.room() : undefined;
}

/** A source, or what remains of it, is left out for a reason. */
function leaveOut(ledger: FileLedger, reason: string): void {
  ledger.reason = reason;
  settle(ledger.read(), 'skipped');
}

interface Rejected {
  readonly offset: number;
  readonly reason: string;
  readonly text: string;
}

async function quarantineText(run: Run, ledger: FileLedger, { offset, reason, text }: Rejected): Promise<void> {
  const segment = ledger.read();
  await run.quarantine.add({ source: ledger.file, offset, reason, text });
  settle(segment, 'quarantined');
}
