import { pbkdf2Sync } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { passwordHash, writeConfig } from '../../../src/elastic/embedded/config.ts';
import type { NodeFolders } from '../../../src/elastic/embedded/folders.ts';
import { temporaryFolder } from './temporary.ts';

const CONFIG = {
  clusterName: 'kaudit-1',
  ports: { http: 9250, transport: 9350 },
  password: 'a secret',
  heap: '768m',
  javaOptions: ['-XX:TieredStopAtLevel=1'],
};

function foldersIn(node: string): NodeFolders {
  const below = (name: string): string => join(node, name);
  return {
    servers: below('servers'),
    downloads: below('downloads'),
    node,
    config: below('config'),
    data: below('da"ta: #1'),
    logs: below('logs'),
    temp: below('tmp'),
  };
}

/** The two files of a distribution that a node's configuration is made of. */
async function distributionIn(folder: string): Promise<string> {
  const config = join(folder, 'distribution', 'config');
  await mkdir(config, { recursive: true });
  await writeFile(join(config, 'log4j2.properties'), 'status = error\n');
  await writeFile(
    join(config, 'jvm.options'),
    '# comment\n\n-XX:+UseG1GC\n23:-XX:A\n-XX:+HeapDumpOnOutOfMemoryError\n-Xlog:gc*:file=gc.log\n',
  );
  return join(folder, 'distribution');
}

async function writtenConfig(prepare: (folders: NodeFolders) => Promise<void> = async () => {}) {
  const folder = await temporaryFolder();
  const folders = foldersIn(join(folder, 'node'));
  const distribution = await distributionIn(folder);
  await prepare(folders);
  await writeConfig(distribution, folders, CONFIG, undefined);
  const read = (name: string): Promise<string> => readFile(join(folders.config, name), 'utf8');
  return { folders, read };
}

describe('the hash of a password', () => {
  it('has the form that the file realm reads, and belongs to the password', () => {
    const [, rounds, salt = '', key] =
      /^\{PBKDF2\}(\d+)\$([\w+/]{43}=)\$([\w+/]{43}=)$/.exec(passwordHash('a secret')) ?? [];
    expect(rounds).toBe('10000');
    expect(pbkdf2Sync('a secret', Buffer.from(salt, 'base64'), 10_000, 32, 'sha512').toString('base64')).toBe(key);
  });

  it('is never the same twice', () => {
    expect(passwordHash('a secret')).not.toBe(passwordHash('a secret'));
  });
});

describe('the configuration of a node', () => {
  it('is on loopback only, with security on, and survives any path', async () => {
    const { folders, read } = await writtenConfig();
    expect(parse(await read('elasticsearch.yml'))).toMatchObject({
      'cluster.name': 'kaudit-1',
      'network.host': '127.0.0.1',
      'http.port': 9250,
      'transport.port': 9350,
      'xpack.security.enabled': true,
      'path.data': folders.data,
    });
  });

  it('knows one user, by a hash', async () => {
    const { read } = await writtenConfig();
    expect(await read('users')).toMatch(/^kaudit:\{PBKDF2\}/);
    expect(await read('users')).not.toContain('a secret');
    expect(await read('users_roles')).toBe('superuser:kaudit\n');
  });

  it('sets the heap and what else it is told, and writes no dumps or endless logs', async () => {
    const { read } = await writtenConfig();
    expect((await read('jvm.options')).trim().split('\n')).toEqual([
      '-XX:+UseG1GC',
      '23:-XX:A',
      '-Xms768m',
      '-Xmx768m',
      '-XX:-AlwaysPreTouch',
      '-XX:TieredStopAtLevel=1',
    ]);
  });

  it('is closed to others', async () => {
    const { folders } = await writtenConfig();
    for (const name of await readdir(folders.config)) {
      expect((await lstat(join(folders.config, name))).mode & 0o077).toBe(0);
    }
    expect((await lstat(folders.config)).mode & 0o777).toBe(0o700);
  });

  it('keeps the keystore of the last start and nothing else', async () => {
    const { folders, read } = await writtenConfig(async ({ config }) => {
      await mkdir(config, { recursive: true });
      await writeFile(join(config, 'elasticsearch.keystore'), 'keys');
      await writeFile(join(config, 'roles.yml'), 'forgotten:\n');
      await writeFile(join(config, 'service_tokens'), 'forgotten\n');
    });
    expect(await read('elasticsearch.keystore')).toBe('keys');
    expect(await read('roles.yml')).toBe('');
    expect(await readdir(folders.config)).not.toContain('service_tokens');
  });

  it('does not write through links that the user of the server has put there', async () => {
    let victim = '';
    const { read } = await writtenConfig(async ({ node, config }) => {
      victim = join(node, '..', 'victim');
      await writeFile(victim, 'untouched');
      await mkdir(config, { recursive: true });
      await symlink(victim, join(config, 'users'));
      await symlink(victim, join(config, 'elasticsearch.keystore'));
    });
    expect(await readFile(victim, 'utf8')).toBe('untouched');
    expect(await read('users')).toContain('kaudit:');
  });
});
