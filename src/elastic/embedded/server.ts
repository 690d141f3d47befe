import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KauditError } from '../../shared/errors.ts';
import { USERNAME } from './config.ts';
import type { NodeFolders, ServerUser } from './folders.ts';
import { isRunning, markOf, type ProcessMark, waitForEnd } from './process.ts';

export interface Launch {
  readonly distribution: string;
  readonly javaHome: string;
  readonly folders: NodeFolders;
  readonly user: ServerUser | undefined;
}

const CONSOLE = 'console.log';
const STARTS_WITHIN_MS = 180_000;
const STOPS_WITHIN_MS = 60_000;

/** Starts the server as a process that outlives ours. Its launcher takes the whole server down with it when it is told to end. */
export async function launch({ distribution, javaHome, folders, user }: Launch): Promise<ProcessMark> {
  const console = await open(join(folders.logs, CONSOLE), 'w', 0o600);
  try {
    const child = spawn(join(distribution, 'bin', 'elasticsearch'), [], {
      cwd: folders.temp,
      detached: true,
      stdio: ['ignore', console.fd, console.fd],
      env: {
        PATH: process.env['PATH'],
        LANG: process.env['LANG'],
        ES_JAVA_HOME: javaHome,
        ES_PATH_CONF: folders.config,
        ES_TMPDIR: folders.temp,
      },
      ...(user && { uid: user.uid, gid: user.gid }),
    });
    child.unref();
    return await markChild(child, folders);
  } finally {
    await console.close();
  }
}

async function markChild(child: ChildProcess, folders: NodeFolders): Promise<ProcessMark> {
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const mark = child.pid === undefined ? await failed : await markOf(child.pid);
  if (mark === undefined) throw await startFailed(folders, 'ended at once');
  return mark;
}

/** Waits until the server answers its own user; throws `start-failed` when it ends or stays silent. */
export async function waitUntilReady(
  mark: ProcessMark,
  address: { readonly url: string; readonly password: string },
  folders: NodeFolders,
  options: { readonly progress: (text: string) => void; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const began = Date.now();
  while (!(await isHealthy(address.url, address.password))) {
    const seconds = Math.round((Date.now() - began) / 1000);
    options.progress(`Elasticsearch is starting … ${seconds} s`);
    if (options.signal?.aborted) {
      await endProcess(mark);
      throw new KauditError('interrupted', 'Interrupted while Elasticsearch was starting.');
    }
    if (!(await isRunning(mark))) throw await startFailed(folders, 'ended while starting');
    if (Date.now() - began > STARTS_WITHIN_MS) {
      await endProcess(mark);
      throw await startFailed(folders, `did not answer within ${STARTS_WITHIN_MS / 1000} seconds`);
    }
    await delay(200);
  }
  options.progress('');
}

/** Whether the server answers and knows our user: another program on the port would not. */
export async function isHealthy(url: string, password: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${USERNAME}:${password}`).toString('base64')}`;
  try {
    const response = await fetch(`${url}/_cluster/health?filter_path=status`, {
      headers: { authorization },
      signal: AbortSignal.timeout(5000),
    });
    return response.status === 200 && !(await response.text()).includes('"red"');
  } catch {
    return false;
  }
}

/** Ends exactly this process: politely, and by force when that takes too long. */
export async function endProcess(mark: ProcessMark): Promise<void> {
  if (!(await isRunning(mark))) return;
  process.kill(mark.pid, 'SIGTERM');
  if (await waitForEnd(mark, STOPS_WITHIN_MS)) return;
  process.kill(mark.pid, 'SIGKILL');
  await waitForEnd(mark, STOPS_WITHIN_MS);
}

const TELLING = /ERROR|fatal|exception|No space left|bootstrap check|Unrecognized|OutOfMemory|cannot allocate/i;

async function startFailed(folders: NodeFolders, what: string): Promise<KauditError> {
  const path = join(folders.logs, CONSOLE);
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => TELLING.test(line) && !/^\s+at /.test(line));
  const shown = (telling.length > 0 ? telling : lines).slice(-4).map((line) => `  ${line.slice(0, 300)}`);
  const code = lines.some((line) => line.includes('No space left')) ? 'no-disk' : 'start-failed';
  return new KauditError(code, `Elasticsearch ${what}.${shown.length > 0 ? ` It said:\n${shown.join('\n')}` : ''}`, {
    hint: `The whole log is ${path}. A machine with little memory: set KAUDIT_ES_HEAP=512m.`,
  });
}
