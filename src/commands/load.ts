import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { requireNamespace } from '../audit/indices.ts';
import {
  DEFAULT_GAP_SECONDS,
  findSources,
  type LoadProgress,
  type LoadReport,
  load,
  openTally,
} from '../load/index.ts';
import { renderLoad } from '../report/index.ts';
import { requireWritable } from '../shared/atomic.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import type { Context, GlobalFlags, Run } from './context.ts';
import { keepProof } from './load-history.ts';
import { openStore, refreshEvents } from './store.ts';

interface LoadFlags extends GlobalFlags {
  readonly paths?: readonly string[];
  readonly cluster?: string;
  readonly namespace?: string;
  readonly json?: boolean;
  readonly gap?: number;
  readonly report?: string;
}

export function loadCommand(run: Run): CommandModule {
  return {
    command: 'load <paths..>',
    describe: 'Load audit logs: files, folders, globs, or - for stdin',
    builder: (args) =>
      args
        .positional('paths', { describe: 'Files, folders, globs, or - for stdin', demandOption: true })
        .option('cluster', { type: 'string', describe: 'Name of the Kubernetes cluster that wrote them' })
        .option('namespace', {
          type: 'string',
          default: 'default',
          describe: 'Namespace of the index: keeps logs apart',
        })
        .option('json', { type: 'boolean', describe: 'Print the ledger as one JSON object' })
        .option('gap', {
          type: 'number',
          default: DEFAULT_GAP_SECONDS,
          describe: 'Seconds without any event that are worth telling',
        })
        .option('report', { type: 'string', describe: 'Write the report of this load to a file, as JSON' })
        .example('$0 load audit.log --cluster prod', 'one file')
        .example('zcat old/*.gz | $0 load -', 'a stream'),
    handler: (args) => run(args as GlobalFlags, (context) => loadPaths(context, args as LoadFlags)),
  };
}

async function loadPaths(context: Context, flags: LoadFlags): Promise<number> {
  const { io, settings, signal } = context;
  const namespace = requireNamespace(flags.namespace ?? 'default');
  const gapSeconds = requireGap(flags.gap ?? DEFAULT_GAP_SECONDS);
  if (flags.report !== undefined) await requireWritable(flags.report);
  const paths = (flags.paths ?? []).map(String);
  const sources = await findSources(paths, io.stdin);
  const cluster = await context.cluster();
  const retries = openTally();
  const store = await openStore(cluster, { signal, say: io.say, retries });
  io.detail(`Loading ${sources.length} files into ${cluster.url}`);
  const target = { ...(flags.cluster !== undefined && flags.cluster !== '' && { cluster: flags.cluster }), namespace };
  const loaded = await load(store, sources, {
    ...target,
    quarantine: join(settings.home, 'quarantine'),
    gapSeconds,
    signal,
    onProgress: progressLine(io.progress),
  });
  io.progress('');
  const result = { ...loaded, report: { ...loaded.report, retries: retries.counts() } };
  if (result.report.created > 0) await refreshEvents(cluster, namespace);
  await io.out(flags.json ? `${JSON.stringify(result.report)}\n` : renderLoad(result.report, io));
  const code = exitCode(result.report, result.partial, signal.aborted);
  const { say } = io;
  return await keepProof({
    cluster,
    result,
    code,
    file: flags.report,
    sources: paths,
    settings: { ...target, gapSeconds },
    say,
  });
}

function requireGap(seconds: number): number {
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new KauditError('usage', '--gap is no number of seconds above zero.', { hint: 'Such as --gap 300.' });
}

function exitCode(report: LoadReport, partial: boolean, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (!report.balanced) return EXIT.unbalanced;
  const nothing = report.skipped > 0 && report.skipped === report.read;
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
      `${events.toLocaleString('en')} events · ${rate.toLocaleString('en')}/s${share}${left === undefined ? '' : ` · ${left} s left`}`,
    );
  };
}
