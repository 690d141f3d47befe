import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { KauditError, messageOf } from '../../shared/errors.ts';
import { isRunning, markOf, type ProcessMark } from '../../shared/process-mark.ts';
import { pause } from '../../shared/wait.ts';
import { USERNAME } from './config.ts';
import type { NodeFolders, ServerUser } from './folders.ts';
import { endProcess } from './process.ts';

export interface Launch {
  readonly distribution: string;
  readonly javaHome: string;
  readonly folders: NodeFolders;
  readonly user: ServerUser | undefined;
}

export interface Access {
  readonly port: number;
  readonly password: string;
}

interface WaitOptions {
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const STARTS_WITHIN_S = 120;
const STOPS_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** Starts the server as a process that outlives ours. Its launcher takes the whole server down with it when it is told to end. */
export async function launch({ distribution, javaHome, folders, user }: Launch): Promise<ProcessMark> {
  const log = await open(consolePath(folders), 'w', 0o600);
  try {
    const child = spawn(join(distribution, 'bin', 'elasticsearch'), [], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      // Only what it needs: JAVA_TOOL_OPTIONS or ES_JAVA_OPTS of the user's shell are meant for other programs.
      env: {
        PATH: process.env['PATH'],
        LANG: process.env['LANG'],
        HOME: folders.temp,
        ES_JAVA_HOME: javaHome,
        ES_PATH_CONF: folders.config,
        ES_TMPDIR: folders.temp,
      },
      ...(user && { uid: user.uid, gid: user.gid }),
    });
    child.unref();
    return await markOfChild(child, folders);
  } finally {
    await log.close();
  }
}

async function markOfChild(child: ChildProcess, folders: NodeFolders): Promise<ProcessMark> {
  try {
    if (child.pid === undefined) await once(child, 'spawn');
  } catch (cause) {
    throw new KauditError('start-failed', `Elasticsearch cannot be started: ${messageOf(cause)}.`, {
      hint: 'Its launcher is a bash script: is bash installed, and may programs run from the folder of KAUDIT_CACHE?',
      cause,
    });
  }
  const mark = child.pid === undefined ? undefined : await markOf(child.pid);
  if (mark === undefined) throw await startFailed(folders, 'ended at once');
  return mark;
}

/** Waits until the server answers its own user; throws when it ends or stays silent (`start-failed`) or we are interrupted. */
export async function waitUntilReady(
  mark: ProcessMark,
  access: Access,
  folders: NodeFolders,
  { progress, signal }: WaitOptions,
): Promise<void> {
  const began = Date.now();
  try {
    while (!(await isHealthy(access))) {
      const waited = Math.round((Date.now() - began) / 1000);
      progress(`Elasticsearch is starting … ${waited} s`);
      if (!(await isRunning(mark))) throw await startFailed(folders, 'ended while starting');
      if (waited > STARTS_WITHIN_S) throw await startFailed(folders, `is not ready after ${waited} seconds`);
      await pause(POLL_MS, signal);
    }
  } finally {
    progress('');
  }
}

/** Whether the server answers our user and its indices can be read. */
async function isHealthy(access: Access): Promise<boolean> {
  const answer = await ask(access, '/_cluster/health?filter_path=status');
  return answer?.status === 200 && !answer.body.includes('"red"');
}

/** Whether the server answers and knows our user: another program on the port would not. */
export async function answers(access: Access): Promise<boolean> {
  return (await ask(access, '/_security/_authenticate?filter_path=username'))?.status === 200;
}

/** Not by `fetch`: on newer Node versions a proxy of the environment would take it, and it takes longer to load. */
function ask({ port, password }: Access, path: string): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const agent = new Agent();
    const options = { host: '127.0.0.1', port, path, auth: `${USERNAME}:${password}`, agent, timeout: 5000 };
    const request = get(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** Ends exactly this process. True when it ran. */
export function endServer(mark: ProcessMark): Promise<boolean> {
  return endProcess(mark, STOPS_WITHIN_MS);
}

/** In our own folder, not among the server's logs: the server's user must not lead us elsewhere. */
function consolePath({ node }: NodeFolders): string {
  return join(node, 'console.log');
}

const TELLING =
  /\b(?:ERROR|FATAL)\b|fatal|exception|No space left|bootstrap check|OutOfMemory|annot allocate|reserve enough/i;
const SHOWN = 4;

async function startFailed(folders: NodeFolders, what: string): Promise<KauditError> {
  const path = consolePath(folders);
  const text = await readFile(path, 'utf8').catch(() => '');
  const { code, lines } = readConsole(text);
  const said = lines.length > 0 ? ` It said:\n${lines.map((line) => `  ${line}`).join('\n')}` : '';
  return new KauditError(code, `Elasticsearch ${what}.${said}`, {
    hint: `The whole log is ${path}. A machine with little memory: set KAUDIT_ES_HEAP=512m.`,
  });
}

/** What a server that failed has said, in few lines fit for a terminal, and which kind of failure it tells of. */
export function readConsole(text: string): {
  code: 'port-taken' | 'no-disk' | 'start-failed';
  lines: readonly string[];
} {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  const telling = lines.filter((line) => TELLING.test(line));
  const shown = (telling.length > 0 ? telling : lines).slice(-SHOWN);
  const code = /Address already in use|Failed to bind/.test(text)
    ? 'port-taken'
    : /No space left|Disk quota exceeded/.test(text)
      ? 'no-disk'
      : 'start-failed';
  return { code, lines: shown.map((line) => line.replace(/\p{C}/gu, '').slice(0, 300)) };
}
