import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideDistribution } from '../../../src/elastic/embedded/distribution.ts';
import type { Release } from '../../../src/elastic/embedded/releases.ts';
import { artifactOf, startRepository } from './repository.ts';
import { temporaryFolder } from './temporary.ts';
import { zipOf } from './zip.ts';

const SERVER = zipOf({ 'elasticsearch-1.0/bin/elasticsearch': 'run', 'elasticsearch-1.0/modules/apm/a.jar': '' });
const KQL = zipOf({ 'META-INF/es-plugins/x-pack-kql/plugin-descriptor.properties': 'name=x-pack-kql' });
const ANTLR = zipOf({ 'Antlr.class': '' });
const FILES = new Map([
  ['elasticsearch-1.0.zip', SERVER],
  ['x-pack-kql-1.0.jar', KQL],
  ['antlr4-runtime-1.0.jar', ANTLR],
]);
const RELEASE: Release = {
  version: '1.0',
  java: 21,
  megabytes: 1,
  server: artifactOf(SERVER, { artifactId: 'elasticsearch' }),
  kql: [
    artifactOf(KQL, { artifactId: 'x-pack-kql', extension: 'jar' }),
    artifactOf(ANTLR, { artifactId: 'antlr4-runtime', extension: 'jar' }),
  ],
};

async function repositoryOf(files: ReadonlyMap<string, Buffer>) {
  return await startRepository((request, response) => {
    const file = files.get(basename(request.url ?? ''));
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
}

async function places() {
  const folder = await temporaryFolder();
  return { servers: join(folder, 'cache'), downloads: join(folder, 'cache', 'downloads') };
}

describe('providing a server', () => {
  it('installs it with the module for kql, whose descriptor comes out of its jar', async () => {
    const { mirror } = await repositoryOf(FILES);
    const where = await places();
    const said: string[] = [];
    const options = { mirror, say: (line: string) => void said.push(line), progress: () => {} };
    const folder = await provideDistribution(RELEASE, where, options);
    expect(folder).toBe(join(where.servers, 'elasticsearch-1.0'));
    const module = join(folder ?? '', 'modules', 'x-pack-kql');
    expect((await readdir(module)).sort()).toEqual([
      'antlr4-runtime-1.0.jar',
      'plugin-descriptor.properties',
      'x-pack-kql-1.0.jar',
    ]);
    expect(await readFile(join(module, 'plugin-descriptor.properties'), 'utf8')).toBe('name=x-pack-kql');
    expect((await stat(join(folder ?? '', 'bin', 'elasticsearch'))).mode & 0o111).toBe(0o111);
    expect(said).toEqual(['Downloading Elasticsearch 1.0 (1 MB, once) …']);
    expect((await readdir(where.servers)).sort()).toEqual(['downloads', 'elasticsearch-1.0']);
  });

  it('asks for nothing once it is installed, and installs it once for two', async () => {
    const { mirror, requests } = await repositoryOf(FILES);
    const where = await places();
    const options = { mirror, say: () => {}, progress: () => {} };
    await Promise.all([provideDistribution(RELEASE, where, options), provideDistribution(RELEASE, where, options)]);
    await provideDistribution(RELEASE, where, options);
    expect(requests).toHaveLength(3);
  });

  it('gives nothing, and leaves nothing half made, when the repository lacks a part of it', async () => {
    const { mirror } = await repositoryOf(new Map([['elasticsearch-1.0.zip', SERVER]]));
    const where = await places();
    const options = { mirror, say: () => {}, progress: () => {} };
    expect(await provideDistribution(RELEASE, where, options)).toBeUndefined();
    expect(await readdir(where.servers)).toEqual(['downloads']);
  });
});
