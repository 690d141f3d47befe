import { chmod, copyFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../shared/errors.ts';
import { type FetchOptions, fetchArtifact } from './fetch.ts';
import type { Artifact, Release } from './releases.ts';
import { readFromArchive, unpack } from './unpack.ts';

/**
 * The unpacked server of a release, with the module for `kql`, in the cache. Read-only from then on: every node has its
 * own configuration and data elsewhere. Downloads what is missing.
 */
export async function provideDistribution(release: Release, cache: string, options: FetchOptions): Promise<string> {
  const folder = join(cache, `elasticsearch-${release.version}`);
  if (await exists(folder)) return folder;
  const downloads = join(cache, 'downloads');
  for (const artifact of [release.server, ...release.kql]) {
    await fetchArtifact(artifact, archivePath(downloads, artifact), options);
  }
  // Made beside its place and then renamed: what is there is whole, also when two do this at once.
  const draft = await mkdtemp(join(cache, 'unpacking-'));
  try {
    await chmod(draft, 0o755);
    await unpack(archivePath(downloads, release.server), draft);
    await addKql(release, downloads, draft);
    await rename(draft, folder).catch(ignoreRival);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  await rm(archivePath(downloads, release.server), { force: true });
  return folder;
}

function archivePath(downloads: string, { artifactId, version, extension }: Artifact): string {
  return join(downloads, `${artifactId}-${version}.${extension}`);
}

/** The descriptor is inside the jar, where the full distribution's build takes it from as well. */
async function addKql({ kql }: Release, downloads: string, server: string): Promise<void> {
  const module = join(server, 'modules', 'x-pack-kql');
  await mkdir(module);
  await chmod(module, 0o755);
  for (const artifact of kql) {
    const jar = archivePath(downloads, artifact);
    const target = join(module, `${artifact.artifactId}-${artifact.version}.jar`);
    await copyFile(jar, target);
    await chmod(target, 0o644);
    if (artifact.artifactId !== 'x-pack-kql') continue;
    const descriptor = 'plugin-descriptor.properties';
    const content = await readFromArchive(jar, `META-INF/es-plugins/x-pack-kql/${descriptor}`);
    await writeFile(join(module, descriptor), content);
    await chmod(join(module, descriptor), 0o644);
  }
}

function ignoreRival(error: unknown): void {
  const code = systemCodeOf(error);
  if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
