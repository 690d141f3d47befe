import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { requireNamespace } from '../audit/indices.ts';
import { findSources, type LoadProgress, type LoadReport, load } from '../load/index.ts';
import { renderLoad } from '../report/index.ts';
import { EXIT, systemCodeOf } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import type { Context, GlobalFlags, Run } from './context.ts';
import { openStore, refreshEvents } from './store.ts';

interface LoadFlags extends GlobalFlags {
  readonly paths?: readonly string[];
  readonly cluster?: string;
  readonly namespace?: string;
  readonly json?: boolean;
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
        .example('$0 load audit.log --cluster prod', 'one file')
        .example('zcat old/*.gz | $0 load -', 'a stream'),
    handler: (args) => run(args as GlobalFlags, (context) => loadPaths(context, args as LoadFlags)),
  };
}

async function loadPaths(context: Context, flags: LoadFlags): Promise<number> {
  const { io, settings, signal } = context;
  const namespace = requireNamespace(flags.namespace ?? 'default');
  const sources = await findSources((flags.paths ?? []).map(String), io.stdin);
  const cluster = await context.cluster();
  const store = await openStore(cluster, { signal, say: io.say });
  io.detail(`Loading ${sources.length} files into ${cluster.url}`);
  const { report, partial } = await load(store, sources, {
    ...(flags.cluster !== undefined && flags.cluster !== '' && { cluster: flags.cluster }),
    namespace,
    quarantineFolder: join(settings.home, 'quarantine'),
    signal,
    onProgress: progressLine(io.progress),
  });
  io.progress('');
  if (report.created > 0) await refreshEvents(cluster, namespace);
  await tell(io, flags.json ? `${JSON.stringify(report)}\n` : renderLoad(report, io));
  return exitCode(report, partial, signal.aborted);
}

/** A reader that has gone misses the ledger; what it says decides the exit code all the same. */
async function tell(io: Io, ledger: string): Promise<void> {
  try {
    await io.out(ledger);
  } catch (error) {
    if (systemCodeOf(error) !== 'EPIPE') throw error;
  }
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
