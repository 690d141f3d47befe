import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeFolders } from './folders.ts';

export const USERNAME = 'kaudit';

export interface NodeConfig {
  readonly port: number;
  readonly transportPort: number;
  readonly password: string;
  readonly heap: string;
}

/** Writes the configuration of a node: loopback only, security on, one user of the file realm. */
export async function writeConfig(distribution: string, folders: NodeFolders, config: NodeConfig): Promise<void> {
  const put = async (name: string, lines: readonly string[]): Promise<void> => {
    const path = join(folders.config, name);
    await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    await chmod(path, 0o600);
  };
  await copyFile(join(distribution, 'config', 'log4j2.properties'), join(folders.config, 'log4j2.properties'));
  await put('jvm.options', await jvmOptions(distribution, config.heap));
  await put('users', [`${USERNAME}:${passwordHash(config.password)}`]);
  await put('users_roles', [`superuser:${USERNAME}`]);
  await put('roles.yml', []);
  await put('elasticsearch.yml', [
    'cluster.name: kaudit-embedded',
    'node.name: kaudit',
    'discovery.type: single-node',
    'network.host: 127.0.0.1',
    `http.port: ${config.port}`,
    `transport.port: ${config.transportPort}`,
    `path.data: ${JSON.stringify(folders.data)}`,
    `path.logs: ${JSON.stringify(folders.logs)}`,
    // Watermarks in percent would make a nearly full laptop read-only.
    'cluster.routing.allocation.disk.threshold_enabled: false',
    'xpack.security.enabled: true',
  ]);
}

/** The shipped options without those that write into the distribution's own folder, which is read-only. */
async function jvmOptions(distribution: string, heap: string): Promise<readonly string[]> {
  const shipped = await readFile(join(distribution, 'config', 'jvm.options'), 'utf8');
  const kept = shipped.split('\n').filter((line) => !/^\s*#|^\s*$|gc\.log|hs_err|HeapDump/.test(line));
  return [...kept, `-Xms${heap}`, `-Xmx${heap}`, '-XX:-AlwaysPreTouch'];
}

const ROUNDS = 10_000;

/** The file realm's own form: https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/security-settings#hashing-settings */
export function passwordHash(password: string, salt = randomBytes(32)): string {
  const key = pbkdf2Sync(password, salt, ROUNDS, 32, 'sha512');
  return `{PBKDF2}${ROUNDS}$${salt.toString('base64')}$${key.toString('base64')}`;
}
