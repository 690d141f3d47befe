import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CLI, type Ran } from './cli.ts';
import { envOf, type Target } from './oracle.ts';

/** A `kaudit load - --json` that is under way, so that things can happen in the middle of it. */
export interface RunningLoad {
  /** Gives it more lines. */
  readonly feed: (lines: readonly string[]) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Waits until it has said something that matches, on stderr. */
  readonly says: (pattern: RegExp) => Promise<void>;
  /** Its end. */
  readonly ended: Promise<Ended>;
  /** Ends its input and waits for its end. */
  readonly end: () => Promise<Ended>;
}

export interface Ended extends Ran {
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly paths?: readonly string[];
  readonly home?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function startLoad(target: Target, namespace: string, options: StartOptions = {}): RunningLoad {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    KAUDIT_HOME: options.home ?? mkdtempSync(join(tmpdir(), 'kaudit-home-')),
    ...envOf(target),
    ...options.env,
  };
  const args = [CLI, 'load', ...(options.paths ?? ['-']), '--namespace', namespace, '--json', ...(options.flags ?? [])];
  const child = spawn(process.execPath, args, { env });
  // A load that has ended does not take more.
  child.stdin.on('error', () => {});
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err, json: () => JSON.parse(out) as unknown }));
  });
  return {
    feed: (lines) =>
      new Promise((resolve) => child.stdin.write(lines.map((line) => `${line}\n`).join(''), () => resolve())),
    kill: (signal) => void child.kill(signal),
    says: async (pattern) => {
      while (!pattern.test(err)) {
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} and never said it: ${err}`);
        await delay(20);
      }
    },
    ended,
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}

/** Gives a load some of the lines at a time until the target holds something; answers how many it has been given. */
export async function feedUntilStored(
  running: RunningLoad,
  lines: readonly string[],
  target: Target,
  namespace: string,
): Promise<number> {
  const step = 1000;
  for (let at = 0; at < lines.length; at += step) {
    await running.feed(lines.slice(at, at + step));
    if (await target.holdsAny(namespace)) return Math.min(at + step, lines.length);
  }
  // What fills no batch is sent when the input ends: what is stored until then is not all of it.
  for (let tries = 0; tries < 500; tries += 1) {
    if (await target.holdsAny(namespace)) return lines.length;
    await delay(20);
  }
  throw new Error('The whole input was taken, and nothing was stored: it is too short for a batch.');
}
