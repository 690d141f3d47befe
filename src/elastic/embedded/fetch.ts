import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import artifactUrl from 'mvn-artifact-url';
import { KauditError, messageOf, systemCodeOf } from '../../shared/errors.ts';
import type { Artifact } from './releases.ts';

export interface FetchOptions {
  /** Base address of a Maven mirror; Maven Central where it is undefined. */
  readonly mirror: string | undefined;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const TRIES = 3;

/** Downloads an artifact to a path, verified; what a broken download has brought so far is used. Does nothing when it is there. */
export async function fetchArtifact(artifact: Artifact, path: string, options: FetchOptions): Promise<void> {
  if (await isFile(path)) return;
  await mkdir(dirname(path), { recursive: true });
  // Named after the process, so that two downloads at once do not write into each other.
  const part = `${path}.${process.pid}.part`;
  try {
    await download(artifact, part, options);
    await verify(artifact, part);
    await rename(part, path);
  } finally {
    options.progress('');
    await rm(part, { force: true });
  }
}

async function download(artifact: Artifact, part: string, options: FetchOptions): Promise<void> {
  const url = await addressOf(artifact, options.mirror);
  for (let tries = 1; ; tries += 1) {
    try {
      return await downloadRest(artifact, url, part, options);
    } catch (error) {
      if (options.signal?.aborted)
        throw new KauditError('interrupted', 'Interrupted while downloading.', { cause: error });
      if (tries === TRIES || error instanceof KauditError || systemCodeOf(error) === 'ENOSPC')
        throw explain(error, artifact, url);
    }
  }
}

/** The package's function is its own default export under Node's rules for CommonJS, and the default's under a bundler's. */
async function addressOf(artifact: Artifact, mirror: string | undefined): Promise<string> {
  const resolve = 'default' in artifactUrl ? artifactUrl.default : artifactUrl;
  const { groupId, artifactId, version, extension } = artifact;
  const base = mirror === undefined ? undefined : `${mirror.replace(/\/+$/, '')}/`;
  return await resolve({ groupId, artifactId, version, extension }, base);
}

async function downloadRest(artifact: Artifact, url: string, part: string, options: FetchOptions): Promise<void> {
  const have = await stat(part).then(
    ({ size }) => size,
    () => 0,
  );
  const response = await fetch(url, {
    headers: have > 0 ? { range: `bytes=${have}-` } : {},
    ...(options.signal && { signal: options.signal }),
  });
  if (!response.ok || response.body === null) throw refused(artifact, url, response.status);
  const resumes = response.status === 206;
  const start = resumes ? have : 0;
  const total = start + Number(response.headers.get('content-length') ?? Number.NaN);
  const meter = meterOf(artifact, start, total, options.progress);
  await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(part, { flags: resumes ? 'a' : 'w' }));
}

function meterOf(artifact: Artifact, start: number, total: number, progress: (text: string) => void): Transform {
  let done = start;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length;
      const share = Number.isNaN(total) ? '' : ` of ${megabytes(total)} (${Math.floor((100 * done) / total)} %)`;
      progress(`Downloading ${artifact.artifactId} ${artifact.version}: ${megabytes(done)}${share}`);
      next(null, chunk);
    },
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`;
}

async function verify(artifact: Artifact, path: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const actual = hash.digest('hex');
  if (actual === artifact.sha256) return;
  throw new KauditError('bad-download', `The download of ${coordinates(artifact)} is damaged or not the original.`, {
    hint: `Its SHA-256 is ${actual}, expected ${artifact.sha256}. Try again; a proxy or mirror may have changed it.`,
  });
}

function refused(artifact: Artifact, url: string, status: number): KauditError {
  return new KauditError('no-network', `${new URL(url).host} answers ${status} for ${coordinates(artifact)}.`, {
    hint: 'Set KAUDIT_MAVEN_MIRROR to a Maven mirror that has it, or ELASTICSEARCH_URL to a cluster of yours.',
  });
}

function explain(error: unknown, artifact: Artifact, url: string): unknown {
  if (error instanceof KauditError) return error;
  if (systemCodeOf(error) === 'ENOSPC') {
    return new KauditError('no-disk', `The disk is full: ${coordinates(artifact)} could not be stored.`, {
      hint: 'Free some 500 MB, or set KAUDIT_CACHE and KAUDIT_HOME to folders on another disk.',
      cause: error,
    });
  }
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new KauditError(
    'no-network',
    `${coordinates(artifact)} could not be downloaded from ${new URL(url).host}: ${messageOf(cause)}.`,
    {
      hint: 'Check the network, set KAUDIT_MAVEN_MIRROR to a mirror, or ELASTICSEARCH_URL to a cluster of yours.',
      cause: error,
    },
  );
}

function coordinates({ groupId, artifactId, version }: Artifact): string {
  return `${groupId}:${artifactId}:${version}`;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
