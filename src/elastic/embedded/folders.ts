import { createHash } from 'node:crypto';
import { chown, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KauditError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';

/** A user who may run the server. Elasticsearch refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody`, by number: every Linux has it, and it owns nothing. */
const NOBODY: ServerUser = { uid: 65534, gid: 65534 };

/** The user to run the server as: undefined for the one that we are. */
export function serverUser(): ServerUser | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

export interface NodeFolders {
  /** Holds the unpacked server. */
  readonly cache: string;
  readonly config: string;
  readonly data: string;
  readonly logs: string;
  readonly temp: string;
}

/**
 * Folders that the server's user can reach. As root, a home or cache below a closed folder (such as root's own) is
 * replaced by one under /var, with a name made of the home's, so that two homes never share a node.
 */
export async function nodeFolders(settings: Settings, user: ServerUser | undefined): Promise<NodeFolders> {
  const home = resolve(settings.home);
  const open = user === undefined || (await isReachable(home));
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const node = open ? join(home, 'elasticsearch') : join('/var/lib/kaudit/nodes', digest);
  const ownCache = resolve(settings.cache);
  const cache = user === undefined || (await isReachable(ownCache)) ? ownCache : '/var/cache/kaudit';
  return {
    cache,
    config: join(node, 'config'),
    data: join(node, 'data'),
    logs: join(node, 'logs'),
    temp: join(node, 'tmp'),
  };
}

/** Whether other users may pass through every folder down to this one, as far as it exists. */
async function isReachable(path: string): Promise<boolean> {
  const mode = await stat(path).then(
    (stats) => stats.mode,
    () => undefined,
  );
  const open = mode === undefined || (mode & 0o001) !== 0;
  const parent = dirname(path);
  return open && (parent === path || (await isReachable(parent)));
}

const ROOM_BYTES = 600e6;

/** Makes folders, and says early when there is no room: a server on a full disk fails late and in many words. */
export async function makeFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await mkdir(path, { recursive: true });
    } catch (cause) {
      throw new KauditError('invalid-configuration', `The folder ${path} cannot be made.`, {
        hint: 'Set KAUDIT_HOME and KAUDIT_CACHE to folders of your own.',
        cause,
      });
    }
    const { bavail, bsize } = await statfs(path);
    if (bavail * bsize < ROOM_BYTES) {
      throw new KauditError('no-disk', `Less than 600 MB are free where ${path} lies.`, {
        hint: 'Free some room, or set KAUDIT_HOME and KAUDIT_CACHE to folders on another disk.',
      });
    }
  }
}

/** Gives a folder and everything below to a user. */
export async function giveTo(user: ServerUser, path: string): Promise<void> {
  await chown(path, user.uid, user.gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) await giveTo(user, below);
    else if (entry.isFile()) await chown(below, user.uid, user.gid);
  }
}
