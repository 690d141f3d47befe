import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../src/shared/lock.ts';
import { markOf } from '../../src/shared/process-mark.ts';
import { temporaryFolder } from '../elastic/embedded/temporary.ts';

const OPTIONS = { onWait: () => {} };

async function lockPath(): Promise<string> {
  return join(await temporaryFolder(), 'node.lock');
}

/** Leaves a lock as another process would that was killed, or that lives on another machine. */
async function leave(path: string, holder: object, ageSeconds: number): Promise<void> {
  await writeFile(path, JSON.stringify({ token: 'theirs', ...holder }));
  const then = new Date(Date.now() - ageSeconds * 1000);
  await utimes(path, then, then);
}

describe('the lock', () => {
  it('lets one at a time in, tells the others that they wait, and is gone at the end', async () => {
    const path = await lockPath();
    let inside = 0;
    let most = 0;
    let waits = 0;
    const onWait = (): void => {
      waits += 1;
    };
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await delay(20);
      inside -= 1;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(path, { onWait }, work)));
    expect({ most, waits }).toEqual({ most: 1, waits: 3 });
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('is released by an error', async () => {
    const path = await lockPath();
    await expect(withLock(path, OPTIONS, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
    expect(await withLock(path, OPTIONS, async () => 'next')).toBe('next');
  });

  it('is taken over from a process that has ended', async () => {
    const path = await lockPath();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const mark = await markOf(child.pid ?? 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await leave(path, { host: hostname(), process: mark }, 0);
    expect(await withLock(path, OPTIONS, async () => 'mine')).toBe('mine');
  });

  it('is taken over from a process whose number another one has now', async () => {
    const path = await lockPath();
    await leave(path, { host: hostname(), process: { pid: process.pid, started: 'long ago' } }, 0);
    expect(await withLock(path, OPTIONS, async () => 'mine')).toBe('mine');
  });

  it.each([
    [
      'of another machine is respected while it is touched',
      { host: 'elsewhere', process: { pid: 1, started: 'x' } },
      60,
    ],
    ['that is not yet written is respected for a moment', {}, 1],
  ])('%s', async (_what, holder, age) => {
    const path = await lockPath();
    await leave(path, holder, age);
    const signal = AbortSignal.timeout(300);
    const taken = withLock(path, { ...OPTIONS, signal }, async () => 'mine');
    await expect(taken).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readFile(path, 'utf8')).toContain('theirs');
  });

  it.each([
    ['of another machine that no longer touches it', { host: 'elsewhere', process: { pid: 1, started: 'x' } }, 600],
    ['that never was written', {}, 60],
  ])('%s is taken over', async (_what, holder, age) => {
    const path = await lockPath();
    await leave(path, holder, age);
    expect(await withLock(path, OPTIONS, async () => 'mine')).toBe('mine');
  });

  it('says which folder cannot be written to', async () => {
    const folder = await temporaryFolder();
    await expect(withLock(join(folder, 'missing', 'lock'), OPTIONS, async () => 'mine')).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: `${join(folder, 'missing')} cannot be written to.`,
    });
  });

  it('does not remove a lock that is not its own', async () => {
    const path = await lockPath();
    await withLock(path, OPTIONS, () => leave(path, { host: 'elsewhere', process: { pid: 1, started: 'x' } }, 0));
    expect(await readFile(path, 'utf8')).toContain('theirs');
  });
});
