/**
 * The embedded Elasticsearch: a real server as a child process on loopback, one for each KAUDIT_HOME. For trying out, for one
 * person's investigations, and for our tests.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KauditError } from '../../shared/errors.ts';
import { withLock } from '../../shared/lock.ts';
import { isRunning } from '../../shared/process-mark.ts';
import type { Settings } from '../../shared/settings.ts';
import { USERNAME } from './config.ts';
import { makeFolder, type NodeFolders, nodeFolders, serverUser } from './folders.ts';
import { answers, endServer, waitUntilReady } from './server.ts';
import { type StartOptions, start } from './start.ts';
import { forgetState, readState, type StartedNode } from './state.ts';

export type { StartOptions } from './start.ts';

export interface EmbeddedNode {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  readonly pid: number;
}

/** The node of this home, started when it does not run, downloaded when it is not there. */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedNode> {
  const { settings, fresh = false } = options;
  const user = serverUser();
  // As root the server's user passes through the home, and sees nothing in it.
  await makeFolder(settings.home, user === undefined ? 0o700 : 0o711);
  const onWait = (): void => options.say('Another kaudit is starting the same node; waiting for it …');
  return await withLock(join(settings.home, 'node.lock'), { onWait, signal: options.signal }, async () => {
    const folders = await nodeFolders(settings, user);
    if (fresh) {
      await stopEmbedded(settings);
      const held = await readdir(folders.data).catch(() => []);
      await rm(folders.data, { recursive: true, force: true });
      if (held.length > 0) options.say(`Deleted everything that was loaded into this node: ${folders.data}`);
    }
    return (await reuse(options, folders)) ?? nodeOf(await start(options, folders));
  });
}

/** The node of this home if it runs, is ours and answers. */
export async function runningEmbedded(settings: Settings): Promise<EmbeddedNode | undefined> {
  const state = await runningState(settings);
  return state !== undefined && (await answers(state)) ? nodeOf(state) : undefined;
}

/** Stops exactly the process that was started for this home; undefined when none runs. Data stay. */
export async function stopEmbedded(settings: Settings): Promise<{ readonly pid: number } | undefined> {
  const mark = (await readState(settings.home))?.process;
  return mark !== undefined && (await endServer(mark)) ? { pid: mark.pid } : undefined;
}

/** Stops the node of this home and deletes everything of it, also what lies outside of the home. */
export async function removeEmbedded(settings: Settings): Promise<void> {
  await stopEmbedded(settings);
  const { node } = await nodeFolders(settings, serverUser());
  await rm(node, { recursive: true, force: true });
  await forgetState(settings.home);
}

/** A node that runs is waited for, even when it is slow to answer: whoever is at work in it must not lose it. */
async function reuse(options: StartOptions, folders: NodeFolders): Promise<EmbeddedNode | undefined> {
  const state = await runningState(options.settings);
  if (state === undefined) return undefined;
  const asked = options.settings.get('KAUDIT_ES_VERSION') ?? state.version;
  if (asked !== state.version) throw runsAnother(state.version, asked);
  await waitUntilReady(state.process, state, folders, options);
  return nodeOf(state);
}

async function runningState({ home }: Settings): Promise<StartedNode | undefined> {
  const state = await readState(home);
  if (state?.process === undefined || !(await isRunning(state.process))) return undefined;
  return { ...state, process: state.process };
}

function nodeOf({ port, password, version, process }: StartedNode): EmbeddedNode {
  return { url: `http://127.0.0.1:${port}`, username: USERNAME, password, version, pid: process.pid };
}

function runsAnother(running: string, asked: string): KauditError {
  return new KauditError(
    'invalid-configuration',
    `The node runs ${running}, and KAUDIT_ES_VERSION asks for ${asked}.`,
    {
      hint: 'Stop it with kaudit down first.',
    },
  );
}
