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
import type { FoundSource, Source } from './sources.ts';
import type { Store } from './store.ts';
import { openWindow } from './window.ts';

export interface LoadOptions {
  /** Name that the events' cluster gets: nothing in an event says which cluster it is from. */
  readonly cluster?: string;
  readonly namespace: string;
  /** Folder for what cannot be indexed. */
  readonly quarantineFolder: string;
  /** Stops reading; what has been read is still delivered. */
  readonly signal: AbortSignal;
  /** What an earlier load has done, and where this one remembers how far it is. */
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
/** All that may be under way: a tenth of the smallest heap that a server should have. */
const MOST_UNDER_WAY = 8 * BATCH_BYTES;

/** What the files of one load share. */
interface Run {
  readonly options: LoadOptions;
  readonly context: DocumentContext;
  readonly outbox: Outbox;
  readonly quarantine: Quarantine;
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
  const ingested = new Date().toISOString();
  const context: DocumentContext = { cluster: options.cluster, namespace: options.namespace, ingested };
  const quarantine = openQuarantine(options.quarantineFolder, `${ingested.replaceAll(/[-:]/g, '')}-${process.pid}`);
  const window = openWindow({ step: BATCH_BYTES, most: MOST_UNDER_WAY });
  const delivery: Delivery = { store, context, quarantine, ready: new Map(), onRefusal: window.shrink };
  const run: Run = {
    options,
    context,
    quarantine,
    outbox: openOutbox((batch) => deliverBatch(delivery, batch), window),
    span: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
    events: 0,
    inflated: 0,
    readFromDisk: 0,
    totalOnDisk: totalSize(sources),
  };
  const limit = pLimit(FILES_AT_ONCE);
  try {
    const ledgers = await Promise.all(sources.map((source) => limit(() => loadSource(run, source))));
    await run.outbox.finish();
    const seconds = (performance.now() - started) / 1000;
    const report = closeLedger(ledgers, {
      span: run.span,
      seconds,
      bytes: run.inflated,
      quarantineFile: quarantine.file(),
    });
    return { report, partial: report.quarantined > 0 || ledgers.some((ledger) => ledger.partial) };
  } finally {
    limit.clearQueue();
    await quarantine.close();
  }
}
function totalSize(sources: readonly FoundSource[]): number | undefined {
  let total = 0;
  for (const source of sources) {
    if (!('open' in source)) continue;
    if (source.size === undefined) return undefined;
    total += source.size;
  }
  return total;
}

async function loadSource(run: Run, source: FoundSource): Promise<FileLedger> {
  const ledger = new FileLedger(source.name);
  if (!('open' in source)) {
    skip(ledger, source.reason);
    ledger.partial = true;
    return ledger;
  }
  if (run.options.signal.aborted) return interrupted(ledger);
  const records = readRecords(source.name, countDisk(run, source), (count) => {
    run.inflated += count;
  });
  for await (const group of records) {
    for (const record of group) {
      // Waiting for each, ready or not, would cost as much as reading it.
      const pause = take(run, ledger, source, record);
      if (pause !== undefined) await pause;
    }
    run.options.onProgress?.({ events: run.events, bytes: run.readFromDisk, total: run.totalOnDisk });
    if (run.options.signal.aborted) return interrupted(ledger);
  }
  return ledger;
}

/** What was read of the file is still delivered; what was not is left for the next run. */
function interrupted(ledger: FileLedger): FileLedger {
  ledger.partial = true;
  ledger.reason = 'interrupted: not read to its end';
  return ledger;
}

async function* countDisk(run: Run, source: Source): AsyncGenerator<Buffer> {
  for await (const chunk of source.open()) {
    run.readFromDisk += chunk.length;
    yield chunk;
  }
}

/** Sees to one record; a promise where the next has to wait. */
function take(run: Run, ledger: FileLedger, source: Source, record: LogRecord): Promise<void> | undefined {
  switch (record.kind) {
    case 'broken':
      ledger.partial = true;
      ledger.reason = record.reason;
      return undefined;
    case 'skipped':
      ledger.partial ||= source.named;
      skip(ledger, record.reason);
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
    index: eventsIndex(run.context.namespace, document.month),
    id: document.id,
    degraded: document.degraded !== undefined,
    segment: ledger.read(),
  });
  return full ? run.outbox.room() : undefined;
}

function skip(ledger: FileLedger, reason: string): void {
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
