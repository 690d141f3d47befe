import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import type { Argv, CommandModule } from 'yargs';
import { BUCKETS, type Bucket, MOST_PRIMARY_SHARDS, requireNamespace } from '../audit/indices.ts';
import type { Tune } from '../elastic/index.ts';
import {
  type Checkpoints,
  DEFAULT_GAP_SECONDS,
  FORMATS,
  type Format,
  type FoundSource,
  findSources,
  type LoadProgress,
  type LoadReport,
  type LoadResult,
  load,
  openTally,
  openThreads,
  parseShare,
  shareOf,
  totalSize,
  usualThreads,
  withCheckpoints,
} from '../load/index.ts';
import { renderLoad, safeText } from '../report/index.ts';
import { requireWritable } from '../shared/atomic.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import type { Settings } from '../shared/settings.ts';
import { newNameNote } from './cluster-names.ts';
import type { Context, GlobalFlags, Run } from './context.ts';
import { keepProof } from './load-history.ts';
import { type ManifestFlags, manifestOf, manifestOptions, requireNoManifestFlags } from './load-manifest.ts';
import { requireWhole } from './option-values.ts';
import { openStore, refreshEvents } from './store.ts';

interface LoadFlags
  extends GlobalFlags,
    Pick<ManifestFlags, 'claim' | 'folder' | 'node' | 'pods' | 'image' | 'secret' | 'job'> {
  readonly manifest?: boolean;
  readonly paths?: readonly string[];
  readonly cluster?: string;
  readonly namespace?: string;
  readonly format?: Format;
  readonly resume?: boolean;
  readonly shard?: string;
  readonly bucket?: Bucket;
  readonly primaryShards?: number;
  readonly tune?: boolean;
  readonly json?: boolean;
  readonly gap?: number;
  readonly longestLine?: number;
  readonly mostInflated?: number;
  readonly threads?: number;
  readonly report?: string;
}

export function loadCommand(run: Run): CommandModule {
  return {
    command: 'load <paths..>',
    describe: 'Load audit logs: files, folders, globs, or - for stdin',
    builder: (args) => manifestOptions(loadOptions(args)),
    handler: (args) => run(args as GlobalFlags, (context) => runLoad(context, args as LoadFlags)),
  };
}

function loadOptions(args: Argv) {
  return (
    args
      .positional('paths', { describe: 'Files, folders, globs, or - for stdin', demandOption: true })
      .option('cluster', { type: 'string', describe: 'Name of the Kubernetes cluster that wrote them' })
      // The groups of the help stand in the order in which they are made.
      .group('cluster', 'Options:')
      .option('namespace', {
        type: 'string',
        default: 'default',
        describe: 'Namespace of the index: keeps logs apart',
      })
      .option('format', {
        choices: FORMATS,
        describe: 'Layout of the files where their content does not tell; what is in them is always told by content',
      })
      .option('resume', {
        type: 'boolean',
        default: true,
        describe: 'Go on where an unfinished load has ended; --no-resume reads all again',
      })
      .option('shard', {
        type: 'string',
        describe: 'Load one part of many, such as 2/8; machines that see the same files agree on the parts',
      })
      .option('bucket', {
        choices: BUCKETS,
        describe: 'An index a day, month or year; the first load of a namespace decides (month)',
      })
      .option('primary-shards', {
        type: 'number',
        describe: 'Primary shards of an index that is created (1); remembered for the namespace',
      })
      .option('tune', {
        type: 'boolean',
        describe: 'No refresh and no replicas while loading; unset: of the indices that the load creates',
      })
      .option('json', { type: 'boolean', describe: 'Print the ledger as one JSON object' })
      .option('report', { type: 'string', describe: 'Write the report of this load to a file (JSON)' })
      .option('longest-line', {
        type: 'number',
        default: 64,
        describe: 'MiB of the longest line that is read; longer ones are quarantined by their place',
      })
      .option('most-inflated', {
        type: 'number',
        default: 1024,
        describe: 'GiB that one compressed file may inflate to; what is more is not read',
      })
      .option('threads', {
        type: 'number',
        describe:
          'Threads that help to read; unset: half the cores, four at most, none where there are fewer than four or little to read',
      })
      .option('gap', {
        type: 'number',
        default: DEFAULT_GAP_SECONDS,
        describe: 'Seconds without any event that are worth telling',
      })
      .example('$0 load audit.log --cluster prod', 'one file')
      .example('zcat old/*.gz | $0 load -', 'a stream')
  );
}

/** Only printed: whoever applies the manifest loads. */
async function runLoad(context: Context, flags: LoadFlags): Promise<number> {
  if (!flags.manifest) return await loadPaths(context, flags);
  await context.io.out(manifestOf(flags));
  return EXIT.done;
}

async function loadPaths(context: Context, flags: LoadFlags): Promise<number> {
  const { io, settings, signal } = context;
  requireNoManifestFlags(flags);
  const namespace = requireNamespace(flags.namespace ?? 'default');
  const gapSeconds = requireGap(flags.gap ?? DEFAULT_GAP_SECONDS);
  const longestLine = requireLineLength(flags.longestLine ?? 64);
  const inflatedBytes = requireInflated(flags.mostInflated ?? 1024);
  if (flags.threads !== undefined) requireWhole('--threads', flags.threads, 0, MOST_THREADS);
  if (flags.report !== undefined) await requireWritable(flags.report);
  const paths = (flags.paths ?? []).map(String);
  // An interrupt must end a load whose stdin stays open and silent.
  if (io.stdin instanceof Readable) addAbortSignal(signal, io.stdin);
  const found = await findSources(paths, io.stdin, { inflatedBytes });
  requireAny(found);
  const sources = flags.shard === undefined ? found : shareOfFound(found, flags.shard, settings);
  if (sources.length === 0) io.say(`Of ${found.length} files none is of shard ${flags.shard}: there is nothing to do.`);
  const cluster = await context.cluster();
  const retries = openTally();
  const store = await openStore(cluster, namespace, { signal, say: io.say, retries, ...layoutFlags(flags) });
  io.detail(`Loading ${sources.length} files into ${cluster.url}`);
  const target = { ...(flags.cluster !== undefined && { cluster: flags.cluster }), namespace };
  const note = await newNameNote(cluster, target);
  if (note !== undefined) io.say(safeText(note));
  const say = (line: string): void => io.say(safeText(line));
  const count = flags.threads ?? usualThreads(totalSize(sources));
  const threads = count === 0 ? undefined : openThreads(count, say);
  let code: number = EXIT.failed;
  const keep = async (loaded: LoadResult): Promise<void> => {
    io.progress('');
    const result = { ...loaded, report: { ...loaded.report, retries: retries.counts() } };
    const { created, duplicate, variant } = result.report;
    // Duplicates too: what a load that was killed has stored is in no search yet.
    if (created + duplicate + variant > 0) await refreshEvents(cluster, namespace);
    await io.out(flags.json ? `${JSON.stringify(result.report)}\n` : renderLoad(result.report, io));
    code = await keepProof({
      cluster,
      result,
      code: loadExitCode(result.report, result.partial, signal.aborted),
      file: flags.report,
      sources: paths,
      settings: { ...target, gapSeconds },
      say: io.say,
    });
  };
  const loadWith = (checkpoints?: Checkpoints): Promise<LoadResult> =>
    load(store, sources, {
      ...target,
      ...(flags.format !== undefined && { format: flags.format }),
      ...(checkpoints && { checkpoints }),
      ...(threads && { threads }),
      quarantine: join(settings.home, 'quarantine'),
      longestLine,
      gapSeconds,
      signal,
      say,
      keep,
      onProgress: progressLine(io.progress),
    });
  const state = stateFolder(settings, [cluster.url, namespace, flags.cluster ?? '', flags.shard ?? '']);
  const loading = flags.resume === false ? loadWith() : withCheckpoints(state, loadWith, say);
  await loading.finally(store.close).finally(threads?.close);
  const canGoOn = flags.resume !== false && totalSize(sources) !== undefined;
  if (signal.aborted && canGoOn) io.say('The same command goes on where this one has ended.');
  return code;
}

/** More are nothing but memory: one delivers what all of them make. */
const MOST_THREADS = 64;

/** One of several that is not there has its line in the ledger; where none is, the arguments are wrong. */
function requireAny(found: readonly FoundSource[]): void {
  const missing = found.flatMap((one) => (one.kind === 'unreadable' && one.isMissing ? [one] : []));
  if (missing.length === 0 || missing.length < found.length) return;
  const said = missing.map(({ name, reason }) => `${name === '' ? '""' : name}: ${reason}`).join('; ');
  throw new KauditError('usage', `Nothing to load: ${safeText(said)}.`);
}

function requireGap(seconds: number): number {
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new KauditError('usage', '--gap is no number of seconds above zero.', { hint: 'Such as --gap 300.' });
}

/** Longer than half a gibibyte is no string that Node can hold. */
function requireLineLength(mebibytes: number): number {
  if (mebibytes > 0 && mebibytes <= 511) return Math.round(mebibytes * 1024 * 1024);
  throw new KauditError('usage', `--longest-line is ${mebibytes}: expected MiB, up to 511.`);
}

function requireInflated(gibibytes: number): number {
  const bytes = Math.round(gibibytes * 1024 ** 3);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new KauditError('usage', `--most-inflated is ${gibibytes}: expected GiB, such as 1024.`);
}

/** Where a load into the same place, under the same name, remembers how far it is. */
function stateFolder({ home }: Settings, place: readonly string[]): string {
  const name = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
  return join(home, 'state', name);
}

function shareOfFound(found: readonly FoundSource[], text: string, settings: Settings): readonly FoundSource[] {
  const share = parseShare(text, settings.get('JOB_COMPLETION_INDEX'));
  const stream = found.find((source) => source.kind === 'source' && source.size === undefined);
  if (stream === undefined) return shareOf(found, share);
  throw new KauditError('usage', `${stream.name} cannot be shared: it is read once, by one machine.`, {
    hint: 'Leave --shard out, or name files.',
  });
}

interface LayoutFlags {
  readonly bucket?: Bucket;
  readonly shards?: number;
  readonly tune: Tune;
}

function layoutFlags({ bucket, primaryShards: shards, tune }: LoadFlags): LayoutFlags {
  return {
    ...(bucket !== undefined && { bucket }),
    ...(shards !== undefined && { shards: requireWhole('--primary-shards', shards, 1, MOST_PRIMARY_SHARDS) }),
    tune: tune === undefined ? 'new' : tune ? 'all' : 'none',
  };
}

export function loadExitCode(report: LoadReport, partial: boolean, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (!report.balanced) return EXIT.unbalanced;
  const nothing = report.skipped === report.read && report.files.length > 0;
  return partial || nothing ? EXIT.partial : EXIT.done;
}

/** Draws how far a load is, a few times a second. */
function progressLine(draw: (text: string) => void): (progress: LoadProgress) => void {
  const started = Date.now();
  let drawn = 0;
  return ({ events, bytes, total }) => {
    const now = Date.now();
    if (now - drawn < 250) return;
    drawn = now;
    const seconds = (now - started) / 1000;
    const rate = Math.round(events / Math.max(seconds, 0.001));
    const left = total === undefined || bytes === 0 ? undefined : Math.ceil((seconds * (total - bytes)) / bytes);
    const share = total === undefined || total === 0 ? '' : ` · ${Math.floor((100 * bytes) / total)} %`;
    draw(
      `${events.toLocaleString('en')} events read · ${rate.toLocaleString('en')}/s${share}${left === undefined ? '' : ` · ${left} s left`}`,
    );
  };
}
