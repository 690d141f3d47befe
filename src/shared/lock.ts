import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { KauditError, systemCodeOf } from './errors.ts';
import { isRunning, markOf, type ProcessMark } from './process-mark.ts';
import { pause, stopIfInterrupted } from './wait.ts';

export interface LockOptions {
  /** Called once when another holder makes us wait; may throw, not to wait. */
  readonly onWait: (holder: { readonly pid: number; readonly host: string } | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Holder {
  readonly token: string;
  readonly host: string;
  readonly process: ProcessMark;
}

const POLL_MS = 100;
/** A holder shows that it lives by touching the file; only a holder on another machine or in another container is judged by it. */
const TOUCH_MS = 15_000;
const STALE_MS = 120_000;
/** A file that is created but not yet written, or was cut short by a full disk. */
const UNREADABLE_MS = 10_000;

/** Runs an action while no one else, here or in another process, runs one with the same file. Outlives a killed holder. */
export async function withLock<T>(path: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
  const token = await acquire(path, options);
  const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_MS);
  touch.unref();
  try {
    return await action();
  } finally {
    clearInterval(touch);
    if ((await readHolder(path))?.token === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, { onWait, signal }: LockOptions): Promise<string> {
  const self = await markOf(process.pid);
  if (self === undefined) throw new Error('this process cannot see itself');
  const holder: Holder = { token: randomUUID(), host: hostname(), process: self };
  for (let waited = false; ; waited = true) {
    stopIfInterrupted(signal);
    if (await create(path, holder)) return holder.token;
    if (await removeStale(path)) continue;
    if (!waited) {
      const other = await readHolder(path);
      onWait(other && { pid: other.process.pid, host: other.host });
    }
    await pause(POLL_MS, signal);
  }
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw new KauditError('invalid-configuration', `${dirname(path)} cannot be written to.`, {
      hint: 'Set KAUDIT_HOME and KAUDIT_CACHE to folders of your own.',
      cause: error,
    });
  }
}

/** Removes a lock whose holder has gone. True when the next try may succeed. */
async function removeStale(path: string): Promise<boolean> {
  const text = await readText(path);
  if (text === undefined) return true;
  if (!(await isStale(path, text))) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return true;
  }
  // Someone else may have taken the stale lock over between our look and our move: then it is theirs, and goes back.
  if ((await readText(aside)) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return true;
}

async function isStale(path: string, text: string): Promise<boolean> {
  const age =
    Date.now() -
    (await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    ));
  const holder = parseHolder(text);
  if (holder === undefined) return age > UNREADABLE_MS;
  if (holder.host !== hostname()) return age > STALE_MS;
  return !(await isRunning(holder.process));
}

async function readHolder(path: string): Promise<Holder | undefined> {
  return parseHolder((await readText(path)) ?? '');
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { token, host, process } = JSON.parse(text) as Partial<Holder>;
    return token && host && process ? { token, host, process } : undefined;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
