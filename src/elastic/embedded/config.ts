import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { chmod, copyFile, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveTo, makeFolder, type NodeFolders, type ServerUser } from './folders.ts';
import type { Ports } from './port.ts';

export const USERNAME = 'kaudit';

/** Settings of elasticsearch.yml; undefined takes one of ours away. */
export type ServerSettings = Readonly<Record<string, string | number | boolean | undefined>>;

export interface NodeConfig {
  readonly clusterName: string;
  readonly ports: Ports;
  readonly password: string;
  readonly heap: string;
  /** For the JVM, behind ours. */
  readonly javaOptions: readonly string[];
  /** Beside ours or in their place. */
  readonly extra?: ServerSettings;
}

/**
 * Writes the configuration of a node: loopback only, security on, one user of the file realm.
 * Made anew beside its place, which belongs to the server's user: we never write where that user could have put a link.
 */
export async function writeConfig(
  distribution: string,
  folders: NodeFolders,
  config: NodeConfig,
  user: ServerUser | undefined,
): Promise<void> {
  const draft = `${folders.config}.new`;
  await rm(draft, { recursive: true, force: true });
  await makeFolder(draft, 0o700);
  const put = async (name: string, lines: readonly string[]): Promise<void> => {
    await writeFile(join(draft, name), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  };
  await copyOwned(join(distribution, 'config', 'log4j2.properties'), join(draft, 'log4j2.properties'));
  await put('jvm.options', await jvmOptions(distribution, config));
  await put('users', [`${USERNAME}:${passwordHash(config.password)}`]);
  await put('users_roles', [`superuser:${USERNAME}`]);
  await put('roles.yml', []);
  await put('elasticsearch.yml', serverSettings(folders, config));
  await keepKeystore(folders.config, draft);
  if (user !== undefined) await giveTo(user, draft);
  await rm(folders.config, { recursive: true, force: true });
  await rename(draft, folders.config);
}

/** Settings of modules that this small distribution lacks would stop the boot. */
export function serverSettings(folders: NodeFolders, { clusterName, ports, extra }: NodeConfig): readonly string[] {
  const settings: ServerSettings = {
    'cluster.name': clusterName,
    'node.name': 'kaudit',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': ports.http,
    'transport.port': ports.transport,
    'path.data': folders.data,
    'path.logs': folders.logs,
    // Watermarks in percent would make a nearly full laptop read-only.
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'xpack.security.enabled': true,
    ...extra,
  };
  // A JSON string is a YAML string, whatever a path holds.
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
}

/**
 * The shipped options without the logs of the garbage collector (up to 2 GB) and heap dumps (as large as the heap, and
 * full of audit data).
 */
async function jvmOptions(distribution: string, { heap, javaOptions }: NodeConfig): Promise<readonly string[]> {
  const shipped = await readFile(join(distribution, 'config', 'jvm.options'), 'utf8');
  const kept = shipped.split('\n').filter((line) => !/^\s*#|^\s*$|gc\.log|HeapDump/.test(line));
  return [...kept, `-Xms${heap}`, `-Xmx${heap}`, '-XX:-AlwaysPreTouch', ...javaOptions];
}

/** The server made it at its first start, and takes time to make another. */
async function keepKeystore(from: string, to: string): Promise<void> {
  const path = join(from, 'elasticsearch.keystore');
  const kept = await lstat(path).catch(() => undefined);
  if (kept?.isFile()) await copyOwned(path, join(to, 'elasticsearch.keystore'));
}

async function copyOwned(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o600);
}

const ROUNDS = 10_000;

/** The file realm's own form: https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/security-settings#hashing-settings */
export function passwordHash(password: string, salt = randomBytes(32)): string {
  const key = pbkdf2Sync(password, salt, ROUNDS, 32, 'sha512');
  return `{PBKDF2}${ROUNDS}$${salt.toString('base64')}$${key.toString('base64')}`;
}
