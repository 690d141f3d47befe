import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { KauditError, systemCodeOf } from '../../shared/errors.ts';
import { pause } from './wait.ts';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in words that only have to be equal. */
  readonly started: string;
}

const POLL_MS = 50;
const FORCED_MS = 10_000;
const run = promisify(execFile);

/** The mark of a running process; undefined when there is none with this number. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  const started = process.platform === 'linux' ? await startOnLinux(pid) : await startByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether exactly this process still runs. */
export async function isRunning({ pid, started }: ProcessMark): Promise<boolean> {
  return (await markOf(pid))?.started === started;
}

/**
 * Asks exactly this process to end and waits until it and the children in its process group have; after so many
 * milliseconds they are ended by force. True when it ran.
 */
export async function endProcess(mark: ProcessMark, patienceMs: number): Promise<boolean> {
  if (!(await isRunning(mark))) return false;
  send(mark.pid, 'SIGTERM');
  if (await groupEnds(mark.pid, patienceMs)) return true;
  send(-mark.pid, 'SIGKILL');
  if (await groupEnds(mark.pid, FORCED_MS)) return true;
  throw new KauditError('start-failed', `The embedded Elasticsearch (pid ${mark.pid}) does not end.`);
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (cause) {
    if (systemCodeOf(cause) === 'ESRCH') return;
    if (systemCodeOf(cause) !== 'EPERM') throw cause;
    throw new KauditError('not-ours', `The embedded Elasticsearch (pid ${Math.abs(target)}) belongs to another user.`, {
      hint: 'Stop it as the user who started it, or set KAUDIT_HOME to a folder of your own.',
      cause,
    });
  }
}

/**
 * Whether a process group that its leader's number names is empty within the time. The launcher leads one of its own; its
 * server may outlive it for a moment, and holds the data as long. No other process is given the number of a group that has members.
 */
async function groupEnds(leader: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (await groupRuns(leader)) {
    if (Date.now() > deadline) return false;
    await pause(POLL_MS, undefined);
  }
  return true;
}

async function groupRuns(leader: number): Promise<boolean> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-axo', 'pgid=,state=']);
    return stdout.split('\n').some((line) => new RegExp(`^\\s*${leader}\\s+[^Z]`).test(line));
  }
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [state, , group] = (await statFields(Number(name))) ?? [];
    if (group === String(leader) && state !== 'Z' && state !== 'X') return true;
  }
  return false;
}

/**
 * Clock ticks since boot (field 22 of proc(5) stat) and which boot that was.
 * A zombie has ended: in a container without an init process, its parent may never ask for it.
 */
async function startOnLinux(pid: number): Promise<string | undefined> {
  const fields = await statFields(pid);
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}/${fields[19]}`;
}

/** Fields 3 and up. The name in field 2 may hold blanks and brackets, so they are counted from its last bracket. */
async function statFields(pid: number): Promise<readonly string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function startByPs(pid: number): Promise<string | undefined> {
  try {
    // The words for a date follow the language and the time zone of whoever asks.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const { stdout } = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { env });
    const [state, ...start] = stdout.trim().split(/\s+/);
    return state === undefined || state === '' || state.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}
