import { chown, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passwordHash, type ServerSettings } from '../../src/elastic/embedded/config.ts';
import { nodeFolders, serverUser } from '../../src/elastic/embedded/folders.ts';
import { removeEmbedded, startEmbedded } from '../../src/elastic/index.ts';
import { readSettings } from '../../src/shared/settings.ts';
import { realTarget, type Target } from './oracle.ts';

/** A real node that a test has for itself: with settings of its own, and to be killed. */
export interface OwnNode {
  readonly home: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly target: Target;
  /** Ends its processes at once, as a crash of the machine does. */
  readonly kill: () => void;
  /** Starts it again, at the same address, with its data. */
  readonly restart: () => Promise<void>;
  /** Makes these its only users beside ours, by name and password. It knows within a second or so. */
  readonly setUsers: (users: Readonly<Record<string, string>>) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function ownNode(serverSettings: ServerSettings = {}): Promise<OwnNode> {
  const home = await mkdtemp(join(tmpdir(), 'kaudit-own-'));
  const env = { KAUDIT_ES_HEAP: '512m', ...process.env, KAUDIT_HOME: home, ELASTICSEARCH_URL: '' };
  const start = (port?: string) =>
    startEmbedded({
      settings: readSettings({ ...env, ...(port !== undefined && { KAUDIT_ES_PORT: port }) }),
      say: () => {},
      progress: () => {},
      // It looks at its users every five seconds, unless told otherwise.
      serverSettings: { 'resource.reload.interval.high': '1s', ...serverSettings },
    });
  let node = await start();
  const { url, username, password } = node;
  return {
    home,
    url,
    username,
    password,
    target: realTarget({ url, username, password }),
    // The launcher leads a process group of its own, with the server in it.
    kill: () => void process.kill(-node.pid, 'SIGKILL'),
    restart: async () => {
      node = await start(new URL(url).port);
    },
    setUsers: async (users) => {
      const user = serverUser();
      const { config } = await nodeFolders(readSettings(env), user);
      const all = Object.entries({ ...users, [username]: password });
      const put = async (name: string, lines: readonly string[]): Promise<void> => {
        const draft = join(config, `${name}.new`);
        await writeFile(draft, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        if (user !== undefined) await chown(draft, user.uid, user.gid);
        await rename(draft, join(config, name));
      };
      await put('users_roles', [`superuser:${all.map(([name]) => name).join(',')}`]);
      await put(
        'users',
        all.map(([name, secret]) => `${name}:${passwordHash(secret)}`),
      );
    },
    remove: async () => {
      await removeEmbedded(readSettings(env));
      await rm(home, { recursive: true, force: true });
    },
  };
}
