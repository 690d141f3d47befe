/** Users and machines that end a load, and output that nobody takes: K3 and D3 of the fault matrix. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { CLI } from '../support/cli.ts';
import { freshNamespace } from '../support/cluster.ts';
import { useFakeTarget } from '../support/fake-target.ts';
import { envOf, eventLines, expectExactly, expectFreshEventPasses, ledgerOf } from '../support/oracle.ts';
import { type RunningLoad, startLoad } from '../support/running-load.ts';

const LINES = eventLines(200, 6);
const NAMESPACE = freshNamespace();

const on = useFakeTarget();
let path: string;
let home: string;

beforeEach(() => {
  home = on.folder;
  path = join(home, 'audit.log');
  writeFileSync(path, LINES.join('\n'));
});

const start = (): RunningLoad => startLoad(on.target, NAMESPACE, { paths: [path], home });

/** Small and slow requests, so that a load takes a while; the first of them is awaited. */
async function startSlowly(): Promise<RunningLoad> {
  on.fake.spoil = ({ body }) => (body.length > 8000 ? { kind: 'answer', status: 413 } : { kind: 'delay', ms: 20 });
  const running = start();
  while (!(await on.target.holdsAny(NAMESPACE))) await delay(10);
  return running;
}

/** The same command, once more and without disturbance. */
async function expectNextLoadIsWhole(): Promise<void> {
  on.fake.spoil = () => undefined;
  const ran = await start().end();
  expect(ran.code, ran.err).toBe(0);
  ledgerOf(ran);
  await expectExactly(on.target, NAMESPACE, LINES);
  await expectFreshEventPasses(on.target, NAMESPACE);
}

describe('K3: a load that is told to end', () => {
  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('ends tidily, with 130 and a ledger: %s', async (signal) => {
    const running = await startSlowly();
    running.kill(signal);
    const ran = await running.end();
    expect(ran.code, ran.err).toBe(130);
    expect(ran.err).toContain('Interrupted');
    ledgerOf(ran);
    await expectNextLoadIsWhole();
  });

  it('ends at once when it is told twice', async () => {
    on.fake.spoil = () => ({ kind: 'hang', stored: true });
    const running = start();
    while (!(await on.target.holdsAny(NAMESPACE))) await delay(10);
    running.kill('SIGINT');
    await running.says(/Interrupted/);
    running.kill('SIGINT');
    expect(await running.end()).toMatchObject({ code: 130, out: '' });
    await expectNextLoadIsWhole();
  });

  // A handler would undo nohup: https://nodejs.org/api/process.html#signal-events. What is lost is mended by the next load.
  it('is ended by SIGHUP as any program is, and loses nothing', async () => {
    const running = await startSlowly();
    running.kill('SIGHUP');
    expect((await running.end()).signal).toBe('SIGHUP');
    await expectNextLoadIsWhole();
  });

  it('does not wait for input that does not come', async () => {
    const running = startLoad(on.target, NAMESPACE, { home });
    await running.feed(LINES);
    // Its stdin stays open, as that of a terminal or of `tail -f` does.
    while (!on.fake.requests.includes('GET /_index_template/kaudit-events')) await delay(10);
    running.kill('SIGINT');
    const ran = await running.ended;
    expect(ran.code, ran.err).toBe(130);
    ledgerOf(ran);
    await expectNextLoadIsWhole();
  });
});

type Output = 'closed' | 'full';

/** Loads with a stdout that takes nothing. */
async function loadInto(output: Output): Promise<{ code: number | null; err: string }> {
  const full = output === 'full' ? openSync('/dev/full', 'w') : undefined;
  const child = spawn(process.execPath, [CLI, 'load', path, '--namespace', NAMESPACE, '--json'], {
    env: { ...process.env, ...envOf(on.target), KAUDIT_HOME: home },
    stdio: ['ignore', full ?? 'pipe', 'pipe'],
  });
  child.stdout?.destroy();
  let err = '';
  child.stderr?.on('data', (data: Buffer) => {
    err += data.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (full !== undefined) closeSync(full);
  return { code, err };
}

describe('D3: a load whose ledger nobody takes', () => {
  it('has the exit code of the load when its reader has gone', async () => {
    const { code, err } = await loadInto('closed');
    expect(code, err).toBe(0);
    expect(err).not.toContain('    at ');
    await expectExactly(on.target, NAMESPACE, LINES);
    writeFileSync(path, `${LINES.join('\n')}\nno event\n`);
    expect((await loadInto('closed')).code).toBe(3);
  });

  it.runIf(existsSync('/dev/full'))('fails when its output is full, with all stored', async () => {
    const { code, err } = await loadInto('full');
    expect(code).toBe(1);
    expect(err).toContain('ENOSPC');
    expect(err).not.toContain('    at ');
    await expectExactly(on.target, NAMESPACE, LINES);
  });
});
