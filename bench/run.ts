/** Runs a program and says what it cost. Linux only. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { descendants, processPeakRss } from './proc.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The one core that it may use; undefined: all. */
  readonly core?: number;
}

export interface Ran {
  /** From its start to its end, or to what `watch` returned. */
  readonly seconds: number;
  /** User and system, of the program and of what it started. */
  readonly cpuMicros: number;
  /** Of its largest process. */
  readonly peakRssBytes: number;
  readonly code: number;
  /** The end of what it printed, stdout and stderr together. */
  readonly output: string;
}

export interface Running {
  readonly startedAt: number;
  readonly ended: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

/** Watches a program that runs, may end it, and may return when its work was done (a time of performance.now()). */
export type Watch = (running: Running) => Promise<number | undefined>;

/** The shell's `times` tells the CPU of a child that has ended, whatever ended it; nothing in Node does. */
const MEASURED = '"$@"; code=$?; times >&3; exit $code';
const KEPT_OUTPUT = 64 * 1024;

export async function run(command: Command, watch?: Watch): Promise<Ran> {
  const pinned = command.core === undefined ? [] : ['taskset', '-c', String(command.core)];
  const startedAt = performance.now();
  const child = spawn('bash', ['-c', MEASURED, 'bash', ...pinned, ...command.argv], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...command.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let times = '';
  let ended = false;
  const keep = (data: Buffer): void => {
    output = (output + data.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.stdio[3]?.on('data', (data: Buffer) => {
    times += data.toString();
  });
  const end = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      ended = true;
      resolve(code ?? -1);
    });
  });
  const shell = child.pid ?? 0;
  const peak = watchMemory(shell, () => ended);
  const running: Running = { startedAt, ended: () => ended, kill: (signal) => killBelow(shell, signal) };
  const doneAt = watch?.(running);
  const code = await end;
  const endedAt = performance.now();
  return {
    seconds: (((await doneAt) ?? endedAt) - startedAt) / 1000,
    cpuMicros: readTimes(times),
    peakRssBytes: await peak,
    code,
    output,
  };
}

/** The second line of `times`, such as `0m1.250s 0m0.110s`, is about children. */
function readTimes(text: string): number {
  const seconds = [...(text.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return seconds.reduce((sum, [, minutes, rest]) => sum + (Number(minutes) * 60 + Number(rest)) * 1e6, 0);
}

async function killBelow(pid: number, signal: NodeJS.Signals): Promise<void> {
  for (const below of await descendants(pid)) {
    try {
      process.kill(below, signal);
    } catch {
      // It has just ended by itself.
    }
  }
}

async function watchMemory(shell: number, ended: () => boolean): Promise<number> {
  let peak = 0;
  while (!ended()) {
    for (const pid of await descendants(shell)) {
      peak = Math.max(peak, await processPeakRss(pid));
    }
    await delay(50);
  }
  return peak;
}
