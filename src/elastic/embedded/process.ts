import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { KauditError, systemCodeOf } from '../../shared/errors.ts';
import { isRunning, type ProcessMark, statFields } from '../../shared/process-mark.ts';
import { pause } from '../../shared/wait.ts';

const POLL_MS = 50;
const FORCED_MS = 10_000;
const run = promisify(execFile);

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
