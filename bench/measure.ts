/** One load, measured from the start of the program until all of it can be searched. */
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, Job } from './contender.ts';
import { type Input, inputIds, warm } from './inputs.ts';
import { machineBusyMicros } from './proc.ts';
import { type Command, run, type Watch } from './run.ts';
import {
  bytesPerDocument,
  deleteIndices,
  refreshAndCount,
  type Server,
  serverCpuMicros,
  storedIds,
  taken,
} from './server.ts';
import { freshFolder, type Workshop } from './workshop.ts';

/** Where documents go: an index, or the pattern of those that kaudit makes, and what to create it with. */
export interface Destination {
  readonly index: string;
  /** Body of the request that creates it; undefined: the loader's own affair. */
  readonly create?: object;
}

export interface Round {
  readonly contender: string;
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** CPU in microseconds an event. */
  readonly clientMicros: number;
  readonly serverMicros: number;
  readonly peakRssMb: number;
  /** Share of the machine's cores that other programs used meanwhile: a round with much of it says little. */
  readonly foreignShare: number;
  readonly stored: number;
  readonly code: number;
  readonly output: string;
}

/** What was asked of a destination once, after a load: it takes longer than the load. */
export interface Inspection {
  readonly missing: number;
  readonly doubled: number;
  readonly bytesPerDocument: number;
}

export async function emptyDestination({ server }: Workshop, { index, create }: Destination): Promise<void> {
  await deleteIndices(server, index);
  if (create !== undefined) await server.ask('PUT', `/${index}`, create);
}

export async function measureLoad(
  workshop: Workshop,
  contender: Contender,
  input: Input,
  destination: Destination,
): Promise<Round> {
  await emptyDestination(workshop, destination);
  const job = await freshJob(workshop, input, destination);
  const command = await contender.command(job);
  await warm(input);
  const watch = contender.endless ? endWhenIdle(workshop.server, job) : undefined;
  return await measureCommand(workshop, { name: contender.name, command, input, index: job.index, watch });
}

export async function freshJob(workshop: Workshop, input: Input, { index }: Destination): Promise<Job> {
  const { url, username, password } = workshop.server;
  return { input, index, url, username, password, state: await freshFolder(workshop, 'state') };
}

export interface Measured {
  readonly name: string;
  readonly command: Command;
  readonly input: Input;
  readonly index: string;
  readonly watch?: Watch | undefined;
}

export async function measureCommand({ server, say }: Workshop, measured: Measured): Promise<Round> {
  const { events } = measured.input;
  const busyBefore = await machineBusyMicros();
  const cpuBefore = await serverCpuMicros(server);
  const began = performance.now();
  const ran = await run(measured.command, measured.watch);
  const refreshing = performance.now();
  const stored = await refreshAndCount(server, measured.index);
  const seconds = ran.seconds + (performance.now() - refreshing) / 1000;
  const elapsed = performance.now() - began;
  const serverCpu = (await serverCpuMicros(server)) - cpuBefore;
  const foreign = (await machineBusyMicros()) - busyBefore - serverCpu - ran.cpuMicros;
  const round = {
    contender: measured.name,
    events,
    seconds,
    // One that stops half-way is not fast.
    eventsPerSecond: Math.min(stored, events) / seconds,
    clientMicros: ran.cpuMicros / events,
    serverMicros: serverCpu / events,
    peakRssMb: ran.peakRssBytes / 1e6,
    foreignShare: Math.max(0, foreign / (elapsed * 1000 * cpus().length)),
    stored,
    code: ran.code,
    output: ran.output,
  };
  const foreignPercent = (100 * round.foreignShare).toFixed(0);
  say(
    `${round.contender}: ${Math.round(round.eventsPerSecond)}/s, ${stored} of ${events}, exit ${round.code}, ${foreignPercent} % foreign`,
  );
  return round;
}

export async function inspect({ server }: Workshop, input: Input, index: string): Promise<Inspection> {
  return { ...(await compareIds(server, input, index)), bytesPerDocument: await bytesPerDocument(server, index) };
}

/** Which events the index lacks or has more than once. */
export async function compareIds(
  server: Server,
  input: Input,
  index: string,
): Promise<{ readonly missing: number; readonly doubled: number }> {
  const stored = await storedIds(server, index);
  const distinct = new Set(stored);
  const missing = (await inputIds(input)).filter((id) => !distinct.has(id)).length;
  return { missing, doubled: stored.length - distinct.size };
}

const IDLE_MS = 8_000;
const PATIENCE_MS = 120_000;
const TIDY_END_MS = 5_000;

/** Ends a program that never ends by itself, when all has been taken or nothing came for a while. */
export function endWhenIdle(server: Server, { input, index }: Job): Watch {
  return async ({ startedAt, ended, kill }) => {
    let count = 0;
    let progressAt = startedAt;
    while (!ended()) {
      const now = performance.now();
      const current = await taken(server, index);
      if (current > count) {
        count = current;
        progressAt = now;
      }
      if (count >= input.events || now - progressAt > (count > 0 ? IDLE_MS : PATIENCE_MS)) break;
      await delay(100);
    }
    await kill('SIGTERM');
    for (let waited = 0; waited < TIDY_END_MS && !ended(); waited += 100) await delay(100);
    if (!ended()) await kill('SIGKILL');
    return progressAt;
  };
}

/** Kills a program when half of its input has been taken. */
export function killAtHalf(server: Server, { input, index }: Job): Watch {
  return async ({ ended, kill }) => {
    while (!ended() && (await taken(server, index)) < input.events / 2) await delay(20);
    await kill('SIGKILL');
    return undefined;
  };
}
