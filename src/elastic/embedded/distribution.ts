import { chmod, copyFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../shared/lock.ts';
import { diskFull, type FetchOptions, fetchArtifact, isDiskFull } from './fetch.ts';
import { makeFolder, type NodeFolders, requireRoom } from './folders.ts';
import type { Artifact, Release } from './releases.ts';
import { readFromArchive, unpack } from './unpack.ts';

type Places = Pick<NodeFolders, 'servers' | 'downloads'>;

/**
 * The folder of a release's server, unpacked, with the module for `kql`. Read-only from then on: every node has its own
 * configuration and data elsewhere. Downloads what is missing; undefined when the repository does not have it.
 */
export async function provideDistribution(
  release: Release,
  { servers, downloads }: Places,
  options: FetchOptions,
): Promise<string | undefined> {
  const folder = join(servers, `elasticsearch-${release.version}`);
  if (await exists(folder)) return folder;
  await makeFolder(servers, 0o755);
  await makeFolder(downloads, 0o755);
  await requireRoom(servers, 500);
  const onWait = (): void => options.say('Another kaudit is installing the same Elasticsearch; waiting for it …');
  return await withLock(`${folder}.lock`, { onWait, signal: options.signal }, async () => {
    if (await exists(folder)) return folder;
    options.say(`Downloading Elasticsearch ${release.version} (${release.megabytes} MB, once) …`);
    for (const artifact of [release.server, ...release.kql]) {
      if (!(await fetchArtifact(artifact, archivePath(downloads, artifact), options))) return undefined;
    }
    options.progress(`Unpacking Elasticsearch ${release.version} …`);
    await install(release, downloads, folder);
    options.progress('');
    return folder;
  });
}

/** Made beside its place and then renamed: what is there is whole. */
async function install(release: Release, downloads: string, folder: string): Promise<void> {
  const draft = `${folder}.unpacking`;
  const server = archivePath(downloads, release.server);
  try {
    await rm(draft, { recursive: true, force: true });
    await makeFolder(draft, 0o755);
    await unpack(server, draft);
    await addKql(release, downloads, draft);
    await rename(draft, folder);
    await rm(server);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw isDiskFull(error) ? diskFull(`Elasticsearch ${release.version}`, error) : error;
  }
}

function archivePath(downloads: string, { artifactId, version, extension }: Artifact): string {
  return join(downloads, `${artifactId}-${version}.${extension}`);
}

/** The descriptor is inside the jar, where the full distribution's build takes it from as well. */
async function addKql({ kql }: Release, downloads: string, server: string): Promise<void> {
  const module = join(server, 'modules', 'x-pack-kql');
  await makeFolder(module, 0o755);
  for (const artifact of kql) {
    const jar = archivePath(downloads, artifact);
    const target = join(module, `${artifact.artifactId}-${artifact.version}.jar`);
    await copyFile(jar, target);
    await chmod(target, 0o644);
    if (artifact.artifactId !== 'x-pack-kql') continue;
    const descriptor = 'plugin-descriptor.properties';
    await writeFile(
      join(module, descriptor),
      await readFromArchive(jar, `META-INF/es-plugins/x-pack-kql/${descriptor}`),
    );
    await chmod(join(module, descriptor), 0o644);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
