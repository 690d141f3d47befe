import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';

export const CLI = join(import.meta.dirname, '../../dist/cli.js');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** stdout, parsed. */
  readonly json: () => unknown;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Closes stdout at once, as a reader that has seen enough. */
  readonly unread?: boolean;
  /** A program, with its arguments, that runs it: one that first takes something away, such as `ulimit`. */
  readonly behind?: readonly string[];
  /** Called when it has been started; may end it. */
  readonly during?: (kill: (signal: NodeJS.Signals) => void) => Promise<void>;
}

/** Runs the built command as a user does, against the test's Elasticsearch, in a home of its own. */
export function kaudit(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { url, username, password } = inject('elasticsearch');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    KAUDIT_HOME: mkdtempSync(join(tmpdir(), 'kaudit-cli-')),
    ELASTICSEARCH_URL: url,
    ELASTICSEARCH_USERNAME: username,
    ELASTICSEARCH_PASSWORD: password,
    ...options.env,
  };
  const [program = process.execPath, ...before] = [...(options.behind ?? []), process.execPath];
  const child = spawn(program, [...before, CLI, ...args], { env });
  // A command that has ended does not take its input.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  if (options.unread) child.stdout.destroy();
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  return new Promise((resolve, reject) => {
    options.during?.((signal) => child.kill(signal)).catch(reject);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err, json: () => JSON.parse(out) as unknown }));
  });
}
