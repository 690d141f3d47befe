/**
 * The embedded Elasticsearch: a real server as a child process on loopback, one for each KAUDIT_HOME. For trying out, for one
 * person's investigations, and for our tests.
 */
import { rm } from 'node:fs/promises';
import { KauditError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';
import { USERNAME, writeConfig } from './config.ts';
import { provideDistribution } from './distribution.ts';
import { giveTo, makeFolders, type NodeFolders, nodeFolders, serverUser } from './folders.ts';
import { findJava, usualPlaces } from './java.ts';
import { choosePort, freePort } from './port.ts';
import { isRunning, type ProcessMark } from './process.ts';
import { RELEASES, type Release, releaseFor } from './releases.ts';
import { endProcess, isHealthy, launch, waitUntilReady } from './server.ts';
import { type NodeState, newPassword, readState, withLock, writeState } from './state.ts';

export interface EmbeddedNode {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  readonly pid: number;
}

export interface StartOptions {
  readonly settings: Settings;
  /** Deletes the data first. */
  readonly fresh?: boolean;
  readonly say: (line: string) => void;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** The node of this home, started when it does not run, downloaded when it is not there. */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedNode> {
  const { settings, fresh = false } = options;
  return await withLock(settings.home, async () => {
    const user = serverUser();
    const folders = await nodeFolders(settings, user);
    if (fresh) {
      await stopUnlocked(settings);
      await rm(folders.data, { recursive: true, force: true });
    }
    const running = await runningEmbedded(settings);
    if (running !== undefined) return requireVersion(running, settings.get('KAUDIT_ES_VERSION'));
    await stopUnlocked(settings);
    return await start(options, folders, fresh);
  });
}

/** The node of this home if it runs, is ours and answers. */
export async function runningEmbedded(settings: Settings): Promise<EmbeddedNode | undefined> {
  const state = await readState(settings.home);
  if (state?.process === undefined || !(await isRunning(state.process))) return undefined;
  const node = nodeOf(state, state.process);
  return (await isHealthy(node.url, node.password)) ? node : undefined;
}

/** Stops exactly the process that was started for this home; undefined when none runs. Data stays. */
export async function stopEmbedded(settings: Settings): Promise<{ readonly pid: number } | undefined> {
  if ((await readState(settings.home)) === undefined) return undefined;
  return await withLock(settings.home, () => stopUnlocked(settings));
}

async function stopUnlocked({ home }: Settings): Promise<{ readonly pid: number } | undefined> {
  const state = await readState(home);
  if (state?.process === undefined) return undefined;
  const { process: mark, ...rest } = state;
  const ran = await isRunning(mark);
  await endProcess(mark);
  await writeState(home, rest);
  return ran ? { pid: mark.pid } : undefined;
}

async function start(options: StartOptions, folders: NodeFolders, fresh: boolean): Promise<EmbeddedNode> {
  const { settings, progress, signal } = options;
  const user = serverUser();
  const known = await readState(settings.home);
  const java = await findJava(usualPlaces());
  const release = chooseRelease(settings, java.version, fresh ? undefined : known?.version);
  await makeFolders([folders.cache, folders.config, folders.data, folders.logs, folders.temp]);
  const mirror = settings.get('KAUDIT_MAVEN_MIRROR');
  const distribution = await provideDistribution(release, folders.cache, { mirror, progress, signal });
  const password = known?.password ?? newPassword();
  const port = await choosePort(settings, known?.port);
  const heap = readHeap(settings);
  await writeConfig(distribution, folders, { port, transportPort: await freePort(), password, heap });
  if (user !== undefined) for (const path of ownFolders(folders)) await giveTo(user, path);
  const mark = await launch({ distribution, javaHome: java.home, folders, user });
  const state: NodeState = { version: release.version, port, password, process: mark };
  // Before it is ready: a node that is interrupted now can still be stopped later.
  await writeState(settings.home, state);
  const node = nodeOf(state, mark);
  await waitUntilReady(mark, node, folders, { progress, signal });
  return node;
}

function ownFolders({ config, data, logs, temp }: NodeFolders): readonly string[] {
  return [config, data, logs, temp];
}

function nodeOf({ port, password, version }: NodeState, { pid }: ProcessMark): EmbeddedNode {
  return { url: `http://127.0.0.1:${port}`, username: USERNAME, password, version, pid };
}

/** The version that is asked for, else that of the data, else the newest that this Java runs. Data never goes back in version. */
function chooseRelease(settings: Settings, java: number, ofData: string | undefined): Release {
  const asked = settings.get('KAUDIT_ES_VERSION');
  const wanted = asked ?? ofData ?? releaseFor(java)?.version;
  const release = RELEASES.find(({ version }) => version === wanted);
  if (release === undefined) {
    throw new KauditError(
      'invalid-configuration',
      `KAUDIT_ES_VERSION is "${wanted}", which kaudit has no checksum for.`,
      {
        hint: `Use ${RELEASES.map(({ version }) => version).join(', ')}, or set ELASTICSEARCH_URL to a server of yours.`,
      },
    );
  }
  if (java < release.java) {
    throw new KauditError(
      'no-java',
      `Elasticsearch ${release.version} needs Java ${release.java}; the newest found is ${java}.`,
      {
        hint: `Install Java ${release.java} or newer, or set KAUDIT_JAVA_HOME to it.`,
      },
    );
  }
  if (ofData !== undefined && compareVersions(release.version, ofData) < 0) {
    throw new KauditError(
      'invalid-configuration',
      `The data of this node was written by ${ofData}; ${release.version} cannot read it.`,
      {
        hint: 'Unset KAUDIT_ES_VERSION, start with --fresh (which deletes the data), or use another KAUDIT_HOME.',
      },
    );
  }
  return release;
}

function compareVersions(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}

function requireVersion(node: EmbeddedNode, asked: string | undefined): EmbeddedNode {
  if (asked === undefined || asked === node.version) return node;
  throw new KauditError(
    'invalid-configuration',
    `The node runs ${node.version}, and KAUDIT_ES_VERSION asks for ${asked}.`,
    {
      hint: 'Stop it with kaudit down first.',
    },
  );
}

function readHeap(settings: Settings): string {
  const heap = settings.get('KAUDIT_ES_HEAP') ?? '1g';
  if (/^[1-9]\d*[mg]$/i.test(heap)) return heap;
  throw new KauditError('invalid-configuration', `KAUDIT_ES_HEAP is "${heap}": expected a size such as 512m or 2g.`);
}
