import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contender, Unavailable } from './contender.ts';
import type { Options } from './options.ts';
import type { Ran } from './run.ts';
import type { Server } from './server.ts';

/** What every part of the benchmark works with. */
export interface Workshop {
  readonly options: Options;
  readonly server: Server;
  readonly scratch: string;
  /** Tells a person what is going on. */
  readonly say: (line: string) => void;
}

/** The contenders that can run here; why the others cannot. */
export async function prepareAll(
  { scratch, say, options }: Workshop,
  contenders: readonly Contender[],
): Promise<{ readonly ready: readonly Contender[]; readonly skipped: readonly string[] }> {
  const ready: Contender[] = [];
  const skipped: string[] = [];
  const { only } = options;
  const asked = contenders.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  for (const contender of asked) {
    say(`preparing ${contender.name}`);
    try {
      await contender.prepare(scratch);
      ready.push(contender);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      skipped.push(`${contender.name}: ${error.message}`);
    }
  }
  return { ready, skipped };
}

export async function freshFolder({ scratch }: Workshop, name: string): Promise<string> {
  const folder = join(scratch, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

export interface Sink {
  readonly url: string;
  readonly stop: () => void;
}

/** Starts a sink, on a core of its own when told. */
export async function startSink(args: readonly string[], core?: number): Promise<Sink> {
  const argv = [process.execPath, join(import.meta.dirname, 'sink.js'), ...args];
  const [program = '', ...rest] = core === undefined ? argv : ['taskset', '-c', String(core), ...argv];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
  });
  return { url, stop: () => child.kill() };
}

/** What is fast because it leaves events out is no result. */
export function requireCreated({ code, output }: Ran, events: number): void {
  if (code === 0 && output.includes(`"created":${events},`)) return;
  throw new Error(`kaudit load into the sink did not create ${events} documents, and ended with ${code}: ${output}`);
}
