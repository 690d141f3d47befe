/** What the kernel tells about processes: https://man7.org/linux/man-pages/man5/proc.5.html */
import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU in hundredths of a second. */
const MICROS_PER_TICK = 10_000;

/** Processes that a process started, and what those started. Each thread has its own children. */
export async function descendants(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => read(`${pid}/task/${thread}/children`)));
  const children = lists.join('').split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** User and system CPU of a process so far; 0 when it has ended. */
export async function processCpuMicros(pid: number): Promise<number> {
  // Behind the name, which may hold anything, in parentheses: fields 14 and 15 of the manual are the 12th and 13th.
  const fields = (await read(`${pid}/stat`)).split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MICROS_PER_TICK;
}

/** The most memory that a process has had so far, in bytes. */
export async function processPeakRss(pid: number): Promise<number> {
  return Number(/VmHWM:\s+(\d+) kB/.exec(await read(`${pid}/status`))?.[1] ?? 0) * 1024;
}

/** CPU of all programs since the machine started, waiting not counted. */
export async function machineBusyMicros(): Promise<number> {
  const [, user, nice, system, , , interrupts, softInterrupts] = (await read('stat')).split(/\s+/, 9);
  const ticks = [user, nice, system, interrupts, softInterrupts].map(Number);
  return ticks.reduce((sum, count) => sum + count, 0) * MICROS_PER_TICK;
}

/** Processes end while they are looked at. */
async function read(name: string): Promise<string> {
  return await readFile(`/proc/${name}`, 'utf8').catch(() => '');
}
