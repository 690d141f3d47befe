import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parcelOf, type Task } from '../../../src/load/threads/parcel.ts';
import { openThreads, type Threads, usualThreads } from '../../../src/load/threads/pool.ts';
import { CONTEXT, rawEvent } from '../../support/events.ts';

/** Threads run JavaScript: the tests are built before they run. */
const BUILT = new URL('../../../dist/load/threads/worker.js', import.meta.url);

function threadsOf(count: number, script = BUILT, say: (line: string) => void = unexpected): Threads {
  const threads = openThreads(count, say, script);
  onTestFinished(threads.close);
  return threads;
}

function unexpected(line: string): void {
  throw new Error(line);
}

/** A thread that does something else. */
function scriptOf(text: string): URL {
  const folder = mkdtempSync(join(tmpdir(), 'kaudit-thread-'));
  const path = join(folder, 'worker.mjs');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path, text);
  return pathToFileURL(path);
}

function taskOf(name: string): Task {
  const lines = Buffer.from(`${JSON.stringify(rawEvent({ auditID: name }))}\n`.repeat(3));
  const memory = new SharedArrayBuffer(64 * 1024);
  lines.copy(Buffer.from(memory));
  return { file: name, offset: 7, memory, length: lines.length, longest: 1000, context: CONTEXT };
}

describe('threads', () => {
  it('make what this thread makes, each task its own', async () => {
    const threads = threadsOf(2);
    const tasks = Array.from({ length: 9 }, (_, at) => taskOf(`log ${at}`));
    const made = await Promise.all(tasks.map((task) => threads.parcelOf(task)));
    const texts = tasks.map(({ memory }) => Buffer.from(memory).toString());
    const here = await Promise.all(tasks.map(parcelOf));
    expect(made).toEqual(here);
    expect(tasks.map(({ memory }) => Buffer.from(memory).toString())).toEqual(texts);
    expect(here[4]?.ids).toHaveLength(3);
  });

  it('leave everything to who asked when one of them breaks down', async () => {
    const said: string[] = [];
    const threads = threadsOf(1, scriptOf('throw new Error("out of order")'), (line) => said.push(line));
    expect(await Promise.all([threads.parcelOf(taskOf('a')), threads.parcelOf(taskOf('b'))])).toEqual([
      undefined,
      undefined,
    ]);
    expect(await threads.parcelOf(taskOf('c'))).toBeUndefined();
    expect(said).toEqual([
      'A thread that helps to read has broken down: out of order. The load goes on without threads.',
    ]);
  });

  it('leave one task to who asked when only that fails', async () => {
    const threads = threadsOf(1);
    const { memory, ...task } = taskOf('a');
    expect(await threads.parcelOf({ ...task, memory: undefined as unknown as SharedArrayBuffer })).toBeUndefined();
    expect((await threads.parcelOf(taskOf('b')))?.ids).toHaveLength(3);
  });

  it('leave everything to who asked where the system gives no thread', async () => {
    const said: string[] = [];
    // A script that is no file is refused as a thread is that cannot be started: at once.
    const threads = threadsOf(1, new URL('http://example.com/worker.js'), (line) => said.push(line));
    expect(await threads.parcelOf(taskOf('a'))).toBeUndefined();
    expect(said).toEqual([expect.stringContaining('The load goes on without threads.')]);
  });

  it('keep nobody waiting when they are closed', async () => {
    const threads = threadsOf(1, scriptOf('setInterval(() => {}, 1000)'));
    const waiting = threads.parcelOf(taskOf('a'));
    await threads.close();
    expect(await waiting).toBeUndefined();
  });
});

describe('the usual number of threads', () => {
  it.each([
    [10_000_000_000, 2, 0],
    [10_000_000_000, 3, 0],
    [10_000_000_000, 4, 2],
    [10_000_000_000, 64, 4],
    [1_000_000, 64, 0],
    [undefined, 8, 4],
  ])('for %s bytes on %s cores is %s', (bytes, cores, threads) => {
    expect(usualThreads(bytes, cores)).toBe(threads);
  });
});
