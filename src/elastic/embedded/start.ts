import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KauditError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';
import { stopIfInterrupted } from '../../shared/wait.ts';
import { chooseReleases } from './choose-release.ts';
import { type ServerSettings, writeConfig } from './config.ts';
import {
  canReach,
  digestOf,
  giveTo,
  makeFolder,
  type NodeFolders,
  requireRoom,
  type ServerUser,
  serverUser,
} from './folders.ts';
import { findJava, type Jvm, usualPlaces } from './java.ts';
import { choosePorts, fixedPort } from './port.ts';
import { endServer, type Launch, launch, waitUntilReady } from './server.ts';
import { newPassword, readState, type StartedNode, writeState } from './state.ts';

export interface StartOptions {
  readonly settings: Settings;
  /** Deletes the data first. */
  readonly fresh?: boolean;
  readonly say: (line: string) => void;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
  /** For a node unlike ours, such as one with little room: tests need them. */
  readonly serverSettings?: ServerSettings;
}

const PORT_TRIES = 3;

/** Installs what is missing, and starts the node of this home, which must not be running. */
export async function start(options: StartOptions, folders: NodeFolders): Promise<StartedNode> {
  const { settings, signal } = options;
  const heap = readHeap(settings);
  const javaOptions = readJavaOptions(settings);
  const fixed = fixedPort(settings);
  const user = serverUser();
  const known = await readState(settings.home);
  const java = await findJavaFor(settings, user);
  const ofData = (await isEmpty(folders.data)) ? undefined : known?.version;
  const { version, distribution } = await provide(options, folders, java, ofData);
  await makeFolders(folders, user);
  const what: Launch = { distribution, javaHome: java.home, folders, user };
  const password = known?.password ?? newPassword();
  for (let tries = 1; ; tries += 1) {
    stopIfInterrupted(signal);
    const ports = await choosePorts(fixed, known?.port);
    const clusterName = `kaudit-${digestOf(settings.home)}`;
    const config = {
      clusterName,
      ports,
      password,
      heap,
      javaOptions,
      ...(options.serverSettings && { extra: options.serverSettings }),
    };
    await writeConfig(distribution, folders, config, user);
    const process = await launch(what);
    const state = { version, port: ports.http, password, process };
    // Before it is ready: a node whose start is cut short can still be found and stopped.
    await writeState(settings.home, state);
    try {
      await waitUntilReady(process, state, folders, options);
      return state;
    } catch (error) {
      await endServer(process);
      // A free port can be taken by another program before the server has it.
      const unlucky = error instanceof KauditError && error.code === 'port-taken' && fixed === undefined;
      if (!unlucky || tries === PORT_TRIES) throw error;
    }
  }
}

async function findJavaFor(settings: Settings, user: ServerUser | undefined): Promise<Jvm> {
  const env = { ...process.env, KAUDIT_JAVA_HOME: settings.get('KAUDIT_JAVA_HOME') };
  const usable = async (home: string): Promise<boolean> =>
    user === undefined || (await canReach(join(home, 'bin'), user));
  return await findJava(usualPlaces(env, usable));
}

async function provide(options: StartOptions, folders: NodeFolders, java: Jvm, ofData: string | undefined) {
  const { settings, say, progress, signal } = options;
  const releases = chooseReleases({ asked: settings.get('KAUDIT_ES_VERSION'), ofData, java: java.version });
  const mirror = settings.get('KAUDIT_MAVEN_MIRROR');
  // Downloading and unpacking: a tenth of what it takes to read a command that starts nothing.
  const { provideDistribution } = await import('./distribution.ts');
  for (const release of releases) {
    const distribution = await provideDistribution(release, folders, { mirror, say, progress, signal });
    if (distribution !== undefined) return { version: release.version, distribution };
    say(`The repository does not have Elasticsearch ${release.version}.`);
  }
  const versions = releases.map(({ version }) => version).join(', ');
  throw new KauditError('no-network', `The repository has no Elasticsearch to embed (${versions}).`, {
    hint: 'Set KAUDIT_MAVEN_MIRROR to a Maven mirror that has it, or ELASTICSEARCH_URL to a cluster of yours.',
  });
}

/** The node's folder stays ours, and the server's user may pass through; what is below is the server's alone. */
async function makeFolders({ node, data, logs, temp }: NodeFolders, user: ServerUser | undefined): Promise<void> {
  await makeFolder(node, user === undefined ? 0o700 : 0o711);
  await requireRoom(node, 200);
  for (const folder of [data, logs, temp]) {
    await makeFolder(folder, 0o700);
    if (user !== undefined) await giveTo(user, folder);
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length === 0;
}

function readHeap(settings: Settings): string {
  const heap = settings.get('KAUDIT_ES_HEAP') ?? '1g';
  if (/^[1-9]\d*[mg]$/i.test(heap)) return heap;
  throw new KauditError('invalid-configuration', `KAUDIT_ES_HEAP is "${heap}": expected a size such as 512m or 2g.`);
}

function readJavaOptions(settings: Settings): readonly string[] {
  const options = (settings.get('KAUDIT_ES_JAVA_OPTS') ?? '').split(/\s+/).filter((option) => option !== '');
  const wrong = options.find((option) => !option.startsWith('-'));
  if (wrong === undefined) return options;
  throw new KauditError('invalid-configuration', `KAUDIT_ES_JAVA_OPTS has "${wrong}" in it: options begin with "-".`);
}
