import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { requireNamespace } from '../audit/indices.ts';
import { listOpen, listQuarantine, type QuarantinedFile, type ReplayedFile, replayFile } from '../load/index.ts';
import { renderQuarantine, renderReplay } from '../report/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { Context, GlobalFlags, Run } from './context.ts';
import { type OpenStore, openStore, refreshEvents } from './store.ts';

interface ReplayFlags extends GlobalFlags {
  readonly files?: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
}

export function replayCommand(run: Run): CommandModule {
  return {
    command: 'replay [files..]',
    describe: 'Send what was quarantined again, once the cause is fixed',
    builder: (args) =>
      args
        .positional('files', { describe: 'Quarantine files; all of KAUDIT_HOME when none is named' })
        .option('list', { type: 'boolean', describe: 'Only list what is in quarantine; delete a file to drop it' })
        .option('json', { type: 'boolean', describe: 'Print what became of each file as one JSON object' }),
    handler: (args) => run(args as GlobalFlags, (context) => replay(context, args as ReplayFlags)),
  };
}

async function replay(context: Context, flags: ReplayFlags): Promise<number> {
  const { io, settings, signal } = context;
  const named = (flags.files ?? []).map(String);
  const paths = named.length > 0 ? named : await listQuarantine(join(settings.home, 'quarantine'));
  if (flags.list) return await list(context, flags, paths);
  const files: ReplayedFile[] = [];
  if (paths.length > 0) {
    const cluster = await context.cluster();
    const stores = new Map<string, Promise<OpenStore>>();
    const storeOf = (namespace: string): Promise<OpenStore> => {
      const store = stores.get(namespace) ?? openStore(cluster, requireNamespace(namespace), { signal, say: io.say });
      stores.set(namespace, store);
      return store;
    };
    for (const path of paths) if (!signal.aborted) files.push(await replayFile(storeOf, path, { signal }));
    for (const [namespace, store] of stores) {
      await (await store).close();
      await refreshEvents(cluster, namespace);
    }
  }
  await io.out(flags.json ? `${JSON.stringify(totalsOf(files))}\n` : renderReplay(files, io));
  if (signal.aborted) return EXIT.interrupted;
  return files.some(({ remaining, damaged }) => remaining > 0 || damaged > 0) ? EXIT.partial : EXIT.done;
}

async function list({ io }: Context, { json }: ReplayFlags, paths: readonly string[]): Promise<number> {
  const files: QuarantinedFile[] = [];
  for (const path of paths) files.push(await listOpen(path));
  await io.out(json ? `${JSON.stringify({ files })}\n` : renderQuarantine(files, io));
  return EXIT.done;
}

function totalsOf(files: readonly ReplayedFile[]): object {
  const sum = (count: (file: ReplayedFile) => number): number => files.reduce((total, file) => total + count(file), 0);
  return { closed: sum(({ closed }) => closed), remaining: sum(({ remaining }) => remaining), files };
}
