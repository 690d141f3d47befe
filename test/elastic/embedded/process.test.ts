import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endProcess } from '../../../src/elastic/embedded/process.ts';
import { systemCodeOf } from '../../../src/shared/errors.ts';
import { isRunning, markOf, type ProcessMark } from '../../../src/shared/process-mark.ts';

interface Started {
  readonly child: ChildProcess;
  readonly mark: ProcessMark;
  /** Process number of its own child. */
  readonly below: number;
}

/** A launcher with a child in its process group, as the embedded server has; deaf ones ignore a polite request. */
async function start(deaf: boolean): Promise<Started> {
  const ear = deaf ? 'process.on("SIGTERM", () => {});' : '';
  const idle = `${ear} setInterval(() => {}, 1000);`;
  const launcher = `const c = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(`${idle} console.log("up")`)}]);
    process.on("SIGTERM", () => { ${deaf ? '' : 'c.kill(); process.exit()'} });
    c.stdout.once("data", () => console.log(c.pid)); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', launcher], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the child cannot be started');
  onTestFinished(() => endGroup(pid));
  const [line] = await once(child.stdout, 'data');
  const mark = await markOf(pid);
  if (mark === undefined) throw new Error('the child has ended');
  return { child, mark, below: Number(line) };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
}

describe('the mark of a process', () => {
  it('is the same as long as the process runs', async () => {
    const mark = await markOf(process.pid);
    expect(mark).toEqual(await markOf(process.pid));
    expect(mark && (await isRunning(mark))).toBe(true);
  });

  it('is none where no process has the number', async () => {
    expect(await markOf(2 ** 22 + 1)).toBeUndefined();
  });

  it('is not that of another process with the same number', async () => {
    expect(await isRunning({ pid: process.pid, started: 'at another time' })).toBe(false);
  });
});

describe('ending a process', () => {
  it('ends it and its child, and says that it ran', async () => {
    const { mark, below } = await start(false);
    expect(await endProcess(mark, 5000)).toBe(true);
    expect(await isRunning(mark)).toBe(false);
    expect(await markOf(below)).toBeUndefined();
    expect(await endProcess(mark, 5000)).toBe(false);
  });

  it('ends both by force when they do not listen', async () => {
    const { mark, below } = await start(true);
    expect(await endProcess(mark, 300)).toBe(true);
    expect(await markOf(mark.pid)).toBeUndefined();
    expect(await markOf(below)).toBeUndefined();
  });

  it('leaves a process alone that started at another time', async () => {
    const { mark, child } = await start(false);
    expect(await endProcess({ ...mark, started: 'at another time' }, 100)).toBe(false);
    expect(child.exitCode).toBeNull();
    expect(await isRunning(mark)).toBe(true);
  });
});
