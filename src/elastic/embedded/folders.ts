import { createHash } from 'node:crypto';
import { chmod, lchown, mkdir, readdir, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { KauditError, systemCodeOf } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';

/** A user who may run the server. Elasticsearch refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody`, by number: every Linux has it, and it owns nothing. */
const NOBODY: ServerUser = { uid: 65534, gid: 65534 };
const SHARED_NODES = '/var/lib/kaudit/nodes';
const SHARED_CACHE = '/var/cache/kaudit';

/** The user to run the server as: undefined for the one that we are. */
export function serverUser(): ServerUser | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

export interface NodeFolders {
  /** Holds the unpacked server. */
  readonly servers: string;
  readonly downloads: string;
  /** Ours; holds the folders below, which are the server's. */
  readonly node: string;
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
  const cache = resolve(settings.cache);
  const node = await firstReachable([join(home, 'elasticsearch'), fallbackNode(home)], user);
  const servers = await firstReachable([cache, SHARED_CACHE], user);
  return {
    servers,
    downloads: join(cache, 'downloads'),
    node,
    config: join(node, 'config'),
    data: join(node, 'data'),
    logs: join(node, 'logs'),
    temp: join(node, 'tmp'),
  };
}

function fallbackNode(home: string): string {
  return join(SHARED_NODES, digestOf(home));
}

/** A short name for a home, of its path. */
export function digestOf(home: string): string {
  return createHash('sha256').update(resolve(home)).digest('hex').slice(0, 16);
}

async function firstReachable(paths: readonly string[], user: ServerUser | undefined): Promise<string> {
  for (const path of paths) if (user === undefined || (await canReach(path, user))) return path;
  throw new KauditError(
    'invalid-configuration',
    `The server does not run as root, and user ${user?.uid} cannot enter ${paths.join(' or ')}.`,
    { hint: 'Set KAUDIT_HOME and KAUDIT_CACHE to folders that every user may pass through (chmod o+x).' },
  );
}

/** Whether a user may enter every folder down to this one, as far as they exist; links lead through others. */
export async function canReach(path: string, user: ServerUser): Promise<boolean> {
  const lexical = withParents(path);
  for (const folder of lexical) if (!(await canEnter(folder, user))) return false;
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return path === dirname(path) || (await canReach(dirname(path), user));
  for (const folder of withParents(real)) if (!(await canEnter(folder, user))) return false;
  return true;
}

async function canEnter(folder: string, { uid, gid }: ServerUser): Promise<boolean> {
  try {
    const stats = await stat(folder);
    if (stats.uid === uid) return (stats.mode & 0o100) !== 0;
    return (stats.mode & (stats.gid === gid ? 0o010 : 0o001)) !== 0;
  } catch (error) {
    return systemCodeOf(error) === 'ENOENT';
  }
}

/** A path and the folders above it, the top one first. */
function withParents(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withParents(parent), path];
}

/** Makes a folder. What is missing on the way gets the same mode, whatever the umask; what is there is left alone. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode });
    if (first === undefined) return;
    const made = withParents(resolve(path)).filter((folder) => folder === first || folder.startsWith(first + sep));
    for (const folder of made) await chmod(folder, mode);
  } catch (cause) {
    throw new KauditError('invalid-configuration', `The folder ${path} cannot be made.`, {
      hint: 'Set KAUDIT_HOME and KAUDIT_CACHE to folders of your own.',
      cause,
    });
  }
}

/** Says early when there is no room: a server on a full disk fails late and in many words. */
export async function requireRoom(path: string, megabytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize >= megabytes * 1e6) return;
  throw new KauditError('no-disk', `Less than ${megabytes} MB are free where ${path} lies.`, {
    hint: 'Free some room, or set KAUDIT_HOME and KAUDIT_CACHE to folders on another disk.',
  });
}

/** Gives a folder and everything below to a user. Links are given, never what they point at. */
export async function giveTo(user: ServerUser, path: string): Promise<void> {
  await lchown(path, user.uid, user.gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) await giveTo(user, below);
    else await lchown(below, user.uid, user.gid);
  }
}
