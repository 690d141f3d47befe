import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Cluster } from '../elastic/index.ts';
import { findSources, load } from '../load/index.ts';
import { runInvestigations } from '../query/index.ts';
import { renderLoad, renderRun } from '../report/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { Context, GlobalFlags, Run } from './context.ts';
import { loadExitCode } from './load.ts';
import { openLibrary } from './query-library.ts';
import { commandsFor } from './query-next.ts';
import { runExitCode } from './query-run.ts';
import { writeSimulation } from './simulate.ts';
import { openStore, refreshEvents } from './store.ts';

/** Kept apart from the user's own logs. */
const NAMESPACE = 'demo';
const DAY = { events: 20_000, seed: 7, level: 'mixed', start: Date.UTC(2026, 2, 2), hours: 24 } as const;
/** Enough to see each kind of answer, and few enough to read. */
export const INCIDENT: readonly string[] = [
  'stolen-ci-token',
  'shell-then-escalate',
  'anonymous-recon',
  'host-takeover',
  'impersonate-admin',
  'ransom',
  'password-spray',
];

export function quickstartCommand(run: Run): CommandModule {
  return {
    command: 'quickstart',
    describe: 'See it work: simulate a day with an incident, load it, investigate it',
    builder: (args) => args,
    handler: (args) => run(args as GlobalFlags, quickstart),
  };
}

async function quickstart(context: Context): Promise<number> {
  const { io } = context;
  const cluster = await context.cluster();
  io.say(`Elasticsearch ${cluster.version} answers at ${cluster.url}.`);
  const log = await simulateDay(context);
  const loaded = await loadDay(context, cluster, log);
  if (loaded === EXIT.interrupted) return loaded;
  const { investigations, noise } = openLibrary(io, {});
  const definitions = investigations.map(({ definition }) => definition);
  const scope = { window: {}, parameters: {}, noise, useNoise: true };
  const run = await runInvestigations({ ...scope, ask: cluster.ask, namespace: NAMESPACE, definitions });
  await io.out(
    `\n${renderRun(run, 'table', { ...io, commandsFor: commandsFor({ namespace: NAMESPACE }, investigations) })}\n`,
  );
  await io.out(NEXT);
  return loaded === EXIT.done ? runExitCode(run) : loaded;
}

async function simulateDay({ io, settings }: Context): Promise<string> {
  const folder = join(settings.home, 'quickstart');
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'audit.log');
  const truth = await writeSimulation({ ...DAY, attacks: INCIDENT }, path);
  io.say(`Simulated a day of a cluster under attack: ${truth.events.toLocaleString('en')} events in ${path}`);
  return path;
}

/** Loads the log and gives the exit code of that. */
async function loadDay(context: Context, cluster: Cluster, path: string): Promise<number> {
  const { io, settings, signal } = context;
  const store = await openStore(cluster, NAMESPACE, { signal, say: io.say });
  const { report, partial } = await load(store, await findSources([path], io.stdin), {
    cluster: 'demo',
    namespace: NAMESPACE,
    quarantine: join(settings.home, 'quarantine'),
    signal,
  });
  await refreshEvents(cluster, NAMESPACE);
  io.say(renderLoad(report, io).trimEnd());
  return loadExitCode(report, partial, signal.aborted);
}

const NEXT = `Now yours. "npm link" makes the command kaudit; without it: node dist/cli.js
  kaudit load /var/log/kubernetes/audit --cluster prod  your own logs
  kaudit query run --all                                all investigations
  kaudit query run exec-into-pod --namespace demo       one of this demo in full
  kaudit query show secrets-read                        what it asks, and why
  kaudit down                                           stop it; data stays
`;
