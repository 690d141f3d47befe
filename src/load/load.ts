import pLimit from 'p-limit';
import { type DocumentContext, documentOf } from '../audit/document.ts';
import { FACTS_VERSION } from '../audit/facts/types.ts';
import { eventsIndex } from '../audit/indices.ts';
import { crashPoint } from '../shared/crash-point.ts';
import { VERSION } from '../shared/version.ts';
import { BATCH_BYTES } from './batch.ts';
import { type CoverageBuilder, type FileCoverage, openCoverage, type Part } from './coverage.ts';
import { type Delivery, deliverBatch } from './deliver.ts';
import { closeLedger, FileLedger, remarkOn, settle } from './ledger.ts';
import { LONGEST_LINE } from './lines.ts';
import type { LoadOptions, LoadResult } from './options.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { openQuarantine, type Quarantine, type Rejected } from './quarantine.ts';
import { knownEntries } from './quarantine-known.ts';
import type { LoadDocument, LogRecord, Unparseable } from './record.ts';
import { readRecords } from './records.ts';
import { openResumption, type Resumption } from './resume.ts';
import { type FoundSource, type Source, totalSize } from './sources.ts';
import { stoppable } from './stoppable.ts';
import type { Store } from './store.ts';
import { openTally, type Tally } from './tally.ts';
import type { Member } from './unpack/index.ts';
import { openWindow } from './window.ts';

const FILES_AT_ONCE = 2;
/** All that may be under way: less than a tenth of the smallest heap that a server should have. */
const MOST_UNDER_WAY = 4 * BATCH_BYTES;

/** What the files of one load share. */
interface Run {
  readonly name: string;
  readonly options: LoadOptions;
  readonly context: DocumentContext;
  readonly outbox: Outbox;
  readonly quarantine: Quarantine;
  readonly resumption: Resumption;
  readonly coverage: CoverageBuilder;
  readonly rejections: Tally;
  /** Aborted when a source has failed. */
  readonly failure: AbortController;
  /** Stops reading: the user's, or the failure of another source. */
  readonly signal: AbortSignal;
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
  try {
    const ledgers = await loadSources(run, sources);
    await run.outbox.finish();
    await run.quarantine.sync();
    const report = closeLedger(ledgers, {
      coverage: run.coverage.close(partOf(ledgers, options.signal)),
      rejections: run.rejections.counts(),
      seconds: (performance.now() - started) / 1000,
      bytes: run.inflated,
      quarantineFile: run.quarantine.file(),
      earlierQuarantineFiles: [...new Set([...run.resumption.quarantineFiles(), ...run.quarantine.earlierFiles()])],
    });
    const partial = report.quarantined > 0 || ledgers.some((ledger) => ledger.partial);
    const result = { run: run.name, started: run.context.ingested, report, partial };
    crashPoint('before-report');
    await options.keep?.(result);
    if (!options.signal.aborted) await run.resumption.forget();
    return result;
  } catch (error) {
    // Who called may let go of the folder of checkpoints now: nothing may be under way that would still write there.
    await run.outbox.finish().catch(() => {});
    throw error;
  } finally {
    try {
      await run.resumption.close();
    } finally {
      await run.quarantine.close();
    }
  }
}

/** Why the run has read only a part of its logs; undefined where it has read all. */
function partOf(ledgers: readonly FileLedger[], signal: AbortSignal): Part | undefined {
  if (signal.aborted) return 'interrupted';
  return ledgers.some((ledger) => ledger.isResumed()) ? 'resumed' : undefined;
}

function openRun(store: Store, sources: readonly FoundSource[], options: LoadOptions): Run {
  const ingested = new Date().toISOString();
  const { cluster, namespace, checkpoints } = options;
  const context: DocumentContext = { cluster, namespace, bucket: store.bucket, ingested };
  const name = `${ingested.replaceAll(/[-:]/g, '')}-${process.pid}`;
  const { quarantine: place } = options;
  const quarantine = typeof place === 'string' ? openQuarantine(place, name, context, knownEntries(place)) : place;
  const rejections = openTally();
  const window = openWindow({ step: BATCH_BYTES, most: MOST_UNDER_WAY });
  const { format, longestLine = LONGEST_LINE, say = () => {} } = options;
  const reading = { kaudit: VERSION, facts: FACTS_VERSION, ...(format && { format }), longestLine };
  const flush = (): Promise<void> => outbox.flush();
  const resumption = openResumption({ store, checkpoints, quarantine, flush, reading, say });
  const delivery: Delivery = {
    store,
    context,
    quarantine,
    rejections,
    ready: new Map(),
    onRefusal: window.shrink,
    onIndex: (index) => resumption.noteIndex(index),
  };
  const failure = new AbortController();
  const outbox = openOutbox((batch) => deliverBatch(delivery, batch), window, {
    delivered: resumption.saveNowAndThen,
    failed: () => failure.abort(),
  });
  return {
    options,
    context,
    quarantine,
    resumption,
    outbox,
    name,
    rejections,
    coverage: openCoverage(options.gapSeconds),
    failure,
    signal: AbortSignal.any([options.signal, failure.signal]),
    events: 0,
    inflated: 0,
    readFromDisk: 0,
    totalOnDisk: totalSize(sources),
  };
}

/** Ledgers of all sources. Throws what one of them threw, when the others have stopped too. */
async function loadSources(run: Run, sources: readonly FoundSource[]): Promise<readonly FileLedger[]> {
  const limit = pLimit(FILES_AT_ONCE);
  const loads = sources.map((source) =>
    limit(() => loadSource(run, source)).catch((error: unknown) => {
      run.failure.abort();
      throw error;
    }),
  );
  await Promise.allSettled(loads);
  return (await Promise.all(loads)).flat();
}

/** A ledger for each log in the source: one, or as many as an archive holds. */
async function loadSource(run: Run, source: FoundSource): Promise<readonly FileLedger[]> {
  if (source.kind !== 'source') return [leftOut(source)];
  if (run.signal.aborted) return [interrupted(new FileLedger(source.name))];
  if (run.options.recordsOf !== undefined) return [await loadRecords(run, source, run.options.recordsOf(source))];
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
  for await (const member of stoppable(members, run.signal)) {
    const ledger = member.kind === 'member' ? await loadMember(run, member) : leftOut(member);
    ledgers.push(ledger);
  }
  if (remark !== undefined) remarkOn(ledgers, source.name, remark);
  const isUnseen = ledgers.length === 0 && run.signal.aborted;
  return isUnseen ? [interrupted(new FileLedger(source.name))] : ledgers;
}

function leftOut({ kind, name, reason }: Exclude<FoundSource, { readonly kind: 'source' }>): FileLedger {
  const ledger = new FileLedger(name);
  leaveOut(ledger, reason);
  ledger.partial = kind === 'unreadable';
  return ledger;
}

async function loadMember(run: Run, member: Member): Promise<FileLedger> {
  const { from, bytes, ledger, done, close } = await run.resumption.open(member);
  const file = openFile(run, ledger, from);
  const onBytes = (count: number): void => {
    run.inflated += count;
  };
  const { format, longestLine, threads } = run.options;
  const groups = readRecords(member.name, bytes, {
    from,
    onBytes,
    ...(format !== undefined && { format }),
    ...(longestLine !== undefined && { longestLine }),
    // What a stream has given is delivered at once, also when it is interrupted: nothing may wait for a block to fill.
    ...(threads && member.key !== undefined && { helpers: { threads, context: run.context } }),
  });
  for await (const { records, resume } of stoppable(groups, run.signal)) {
    if (resume === undefined) close();
    for (const record of records) {
      // Waiting for each, ready or not, would cost as much as reading it.
      const pause = take(run, file, record);
      if (pause !== undefined) await pause;
    }
    crashPoint('after-read');
    const place = resume?.();
    if (place !== undefined) await done(place);
    run.options.onProgress?.({ events: run.events, bytes: run.readFromDisk, total: run.totalOnDisk });
  }
  if (run.signal.aborted) return interrupted(ledger);
  close();
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

async function loadRecords(run: Run, source: Source, records: readonly LogRecord[]): Promise<FileLedger> {
  const file = openFile(run, new FileLedger(source.name), 0);
  for (const record of records) await take(run, file, record);
  return file.ledger;
}

/** A log while it is read. */
interface OpenFile {
  readonly ledger: FileLedger;
  readonly coverage: FileCoverage;
}

/** A log that is read from its middle on does not begin with the first event that is read. */
function openFile(run: Run, ledger: FileLedger, from: number): OpenFile {
  return { ledger, coverage: run.coverage.file(from === 0 ? ledger.file : undefined) };
}

/** Sees to one record; a promise where the next has to wait. */
function take(run: Run, file: OpenFile, record: LogRecord): Promise<void> | undefined {
  const { ledger } = file;
  switch (record.kind) {
    case 'broken':
      ledger.partial = true;
      ledger.reason = record.reason;
      return undefined;
    case 'foreign':
      leaveOut(ledger, record.reason);
      ledger.partial ||= record.holdsJson;
      return undefined;
    case 'skipped':
      ledger.skip(record.what);
      return undefined;
    case 'unparseable':
      run.events += 1;
      return quarantine(run, ledger, rejectedOf(ledger.file, record));
    case 'document':
      return send(run, file, record.document);
    case 'candidate': {
      const { candidate, value } = record;
      const result = documentOf(candidate, value, run.context);
      if (result.kind === 'document') return send(run, file, result.document);
      run.events += 1;
      const { range } = candidate;
      return quarantine(run, ledger, { ...candidate, range, reason: 'not-an-event', detail: result.reason });
    }
  }
}

function send(run: Run, { ledger, coverage }: OpenFile, document: LoadDocument): Promise<void> | undefined {
  run.events += 1;
  coverage.add(document, document.cluster);
  const full = run.outbox.add(document, {
    index: eventsIndex(run.context.namespace, document.period),
    id: document.id,
    degraded: document.degraded,
    segment: ledger.read(),
  });
  return full ? run.outbox.room() : undefined;
}

/** A source, or what remains of it, is left out for a reason. */
function leaveOut(ledger: FileLedger, reason: string): void {
  ledger.reason = reason;
  settle(ledger.read(), 'skipped', reason);
}

function rejectedOf(file: string, { offset, range, reason, detail, text }: Unparseable): Rejected {
  return { text, range, origin: { file, offset, format: 'unknown' }, reason, detail };
}

async function quarantine(run: Run, ledger: FileLedger, rejected: Rejected): Promise<void> {
  const segment = ledger.read();
  await run.quarantine.add(rejected);
  settle(segment, 'quarantined', rejected.reason);
}
