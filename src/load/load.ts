import pLimit from 'p-limit';
import { type DocumentContext, documentOf } from '../audit/document.ts';
import { eventsIndex } from '../audit/indices.ts';
import { type Batcher, openBatcher } from './batch.ts';
import { type CoverageBuilder, type FileCoverage, openCoverage } from './coverage.ts';
import { type Delivery, deliverBatch } from './deliver.ts';
import { closeLedger, type FileLedger, type LoadReport, openFileLedger, settle } from './ledger.ts';
import { openQuarantine, type Quarantine, type Rejected } from './quarantine.ts';
import { type LogRecord, readRecords } from './records.ts';
import type { FoundSource, Source } from './sources.ts';
import type { Store } from './store.ts';
import { openTally } from './tally.ts';

export interface LoadOptions {
  /** Name that the events' cluster gets: nothing in an event says which cluster it is from. */
  readonly cluster?: string;
  readonly namespace: string;
  /** Folder for what cannot be indexed, or where it goes instead. */
  readonly quarantine: string | Quarantine;
  /** Where the records of a source come from, when not from its bytes: a replay has them at hand. */
  readonly recordsOf?: (source: Source) => AsyncIterable<readonly LogRecord[]>;
  /** Longest time without events that is not reported. */
  readonly gapSeconds?: number;
  /** Stops reading; what has been read is still delivered. */
  readonly signal: AbortSignal;
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
  /** The name of this run: of its quarantine file, and in its report. */
  readonly run: string;
  /** ISO time at which it began. */
  readonly started: string;
  readonly report: LoadReport;
  /** Something was quarantined, a source could not be read to its end, or one that was named was left out. */
  readonly partial: boolean;
}

const FILES_AT_ONCE = 2;

/** What the files of one load share. */
interface Run {
  readonly options: LoadOptions;
  readonly context: DocumentContext;
  readonly batcher: Batcher;
  readonly quarantine: Quarantine;
  readonly coverage: CoverageBuilder;
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
  const name = `${ingested.replaceAll(/[-:]/g, '')}-${process.pid}`;
  const quarantine =
    typeof options.quarantine === 'string' ? openQuarantine(options.quarantine, name, context) : options.quarantine;
  const rejections = openTally();
  const delivery: Delivery = { store, context, quarantine, rejections, ready: new Map() };
  const run: Run = {
    options,
    context,
    quarantine,
    batcher: openBatcher((entries) => deliverBatch(delivery, entries)),
    coverage: openCoverage(options.gapSeconds),
    events: 0,
    inflated: 0,
    readFromDisk: 0,
    totalOnDisk: totalSize(sources),
  };
  const limit = pLimit(FILES_AT_ONCE);
  try {
    const ledgers = await Promise.all(sources.map((source) => limit(() => loadSource(run, source))));
    await run.batcher.finish();
    await quarantine.sync();
    const seconds = (performance.now() - started) / 1000;
    const report = closeLedger(ledgers, {
      coverage: run.coverage.close(),
      rejections: rejections.counts(),
      seconds,
      bytes: run.inflated,
      quarantineFile: quarantine.file(),
    });
    const partial = report.quarantined > 0 || ledgers.some((ledger) => ledger.partial);
    return { run: name, started: ingested, report, partial };
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

/** A file while it is read. */
interface OpenFile {
  readonly source: Source;
  readonly ledger: FileLedger;
  readonly coverage: FileCoverage;
}

async function loadSource(run: Run, source: FoundSource): Promise<FileLedger> {
  const ledger = openFileLedger(source.name);
  if (!('open' in source)) {
    skip(ledger, source.reason);
    ledger.partial = true;
    return ledger;
  }
  if (run.options.signal.aborted) return interrupted(ledger);
  const file: OpenFile = { source, ledger, coverage: run.coverage.file(source.name) };
  for await (const group of recordsOf(run, source)) {
    for (const record of group) await take(run, file, record);
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

function recordsOf(run: Run, source: Source): AsyncIterable<readonly LogRecord[]> {
  if (run.options.recordsOf !== undefined) return run.options.recordsOf(source);
  return readRecords(source.name, countDisk(run, source), (count) => {
    run.inflated += count;
  });
}

async function* countDisk(run: Run, source: Source): AsyncGenerator<Buffer> {
  for await (const chunk of source.open()) {
    run.readFromDisk += chunk.length;
    yield chunk;
  }
}

async function take(run: Run, { source, ledger, coverage }: OpenFile, record: LogRecord): Promise<void> {
  if (record.kind === 'broken') {
    ledger.partial = true;
    ledger.reason = record.reason;
    return;
  }
  if (record.kind === 'skipped') {
    ledger.partial ||= source.named;
    return skip(ledger, record.reason);
  }
  ledger.counts.read += 1;
  run.events += 1;
  if (record.kind === 'unparseable') {
    const { offset, range, reason, detail, text } = record;
    const origin = { file: ledger.file, offset, format: 'unknown' };
    return await quarantine(run, ledger, { text, range, origin, reason, detail });
  }
  const { candidate, value } = record;
  const result = documentOf(candidate, value, run.context);
  if (result.kind === 'rejected') {
    const { range } = candidate;
    return await quarantine(run, ledger, { ...candidate, range, reason: 'not-an-event', detail: result.reason });
  }
  const { document } = result;
  coverage.add(document, run.context.cluster);
  const address = { index: eventsIndex(run.context.namespace, document.month), id: document.id };
  const full = run.batcher.add({ ledger, candidate, document, address, ingested: run.context.ingested });
  if (full) await run.batcher.room();
}

function skip(ledger: FileLedger, reason: string): void {
  ledger.counts.read += 1;
  ledger.reason = reason;
  settle(ledger, 'skipped', reason);
}

async function quarantine(run: Run, ledger: FileLedger, rejected: Rejected): Promise<void> {
  await run.quarantine.add(rejected);
  settle(ledger, 'quarantined', rejected.reason);
}
