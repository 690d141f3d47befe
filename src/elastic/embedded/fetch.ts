import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import artifactUrl from 'mvn-artifact-url';
import { KauditError, messageOf, systemCodeOf } from '../../shared/errors.ts';
import { withLock } from '../../shared/lock.ts';
import { interrupted, pause } from '../../shared/wait.ts';
import type { Artifact } from './releases.ts';

export interface FetchOptions {
  /** Base address of a Maven mirror; Maven Central where it is undefined. */
  readonly mirror: string | undefined;
  readonly say: (line: string) => void;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Address {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const TRIES = 3;
const REDRAW_MS = 100;

/**
 * Puts an artifact at a path, verified; what an earlier, broken download has brought is used.
 * False when the repository does not have it.
 */
export async function fetchArtifact(artifact: Artifact, path: string, options: FetchOptions): Promise<boolean> {
  const onWait = (): void => options.say(`Another kaudit is downloading ${artifact.artifactId}; waiting for it …`);
  return await withLock(`${path}.lock`, { onWait, signal: options.signal }, async () => {
    if (await isGenuine(artifact, path)) return true;
    const part = `${path}.part`;
    const address = await addressOf(artifact, options.mirror);
    try {
      const found = await downloadGenuine(artifact, address, part, options);
      if (found) await rename(part, path);
      return found;
    } catch (error) {
      throw explain(error, artifact, address, options.signal);
    } finally {
      options.progress('');
    }
  });
}

/** A download that is not the original is deleted. When it was continued, its beginning may be at fault: once more, whole. */
async function downloadGenuine(artifact: Artifact, address: Address, part: string, options: FetchOptions) {
  for (;;) {
    const continued = (await sizeOf(part)) > 0;
    if (!(await download(artifact, address, part, options))) return false;
    const actual = await sha256Of(part);
    if (actual === artifact.sha256) return true;
    await rm(part, { force: true });
    if (!continued) throw notOriginal(artifact, actual);
  }
}

async function download(artifact: Artifact, address: Address, part: string, options: FetchOptions): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await downloadRest(artifact, address, part, options);
    } catch (error) {
      if (tries === TRIES || error instanceof KauditError || options.signal?.aborted || isDiskFull(error)) throw error;
      await pause(tries * 500, options.signal);
    }
  }
}

async function addressOf(artifact: Artifact, mirror: string | undefined): Promise<Address> {
  const { groupId, artifactId, version, extension } = artifact;
  const base = mirror === undefined ? undefined : `${mirror.replace(/\/+$/, '')}/`;
  if (base !== undefined && !(/^https?:/i.test(base) && URL.canParse(base))) {
    throw new KauditError('invalid-configuration', 'KAUDIT_MAVEN_MIRROR is no http or https address.');
  }
  // The function is the `default` of what Node imports from this CommonJS package, and itself what Vite imports.
  const resolve = 'default' in artifactUrl ? artifactUrl.default : artifactUrl;
  const url = new URL(await resolve({ groupId, artifactId, version, extension }, base));
  const { username, password } = url;
  // fetch refuses an address with credentials in it, and messages must not show them.
  url.username = '';
  url.password = '';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { url, headers: { 'accept-encoding': 'identity', ...(username !== '' && { authorization }) } };
}

async function downloadRest(artifact: Artifact, { url, headers }: Address, part: string, options: FetchOptions) {
  const have = await sizeOf(part);
  const response = await fetch(url, {
    headers: have > 0 ? { ...headers, range: `bytes=${have}-` } : headers,
    ...(options.signal && { signal: options.signal }),
  });
  if (response.status === 404 || response.status === 410) return false;
  if (response.status === 429 || response.status >= 500) throw new Error(`it answers ${response.status}`);
  const resumes = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`);
  if (response.status === 416 || (response.status === 206 && !resumes)) {
    await rm(part, { force: true });
    throw new Error(`it cannot continue at byte ${have}`);
  }
  if (!response.ok || response.body === null) throw refused(artifact, url, response.status);
  const start = resumes ? have : 0;
  const total = start + Number(response.headers.get('content-length') ?? Number.NaN);
  const meter = meterOf(artifact, start, total, options.progress);
  await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(part, { flags: resumes ? 'a' : 'w' }));
  return true;
}

function meterOf(artifact: Artifact, start: number, total: number, progress: (text: string) => void): Transform {
  let done = start;
  let drawn = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length;
      if (Date.now() - drawn >= REDRAW_MS) {
        drawn = Date.now();
        const share = Number.isNaN(total) ? '' : ` of ${megabytes(total)} (${Math.floor((100 * done) / total)} %)`;
        progress(`Downloading ${artifact.artifactId} ${artifact.version}: ${megabytes(done)}${share}`);
      }
      next(null, chunk);
    },
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`;
}

async function isGenuine(artifact: Artifact, path: string): Promise<boolean> {
  return (await sizeOf(path)) > 0 && (await sha256Of(path)) === artifact.sha256;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function notOriginal(artifact: Artifact, actual: string): KauditError {
  return new KauditError('bad-download', `The download of ${coordinates(artifact)} is damaged or not the original.`, {
    hint: `Its SHA-256 is ${actual}, expected ${artifact.sha256}. Try again; a proxy or mirror may have changed it.`,
  });
}

function refused(artifact: Artifact, url: URL, status: number): KauditError {
  return new KauditError('no-network', `${url.host} answers ${status} for ${coordinates(artifact)}.`, {
    hint: 'Set KAUDIT_MAVEN_MIRROR to a Maven mirror that has it, or ELASTICSEARCH_URL to a cluster of yours.',
  });
}

function explain(error: unknown, artifact: Artifact, { url }: Address, signal: AbortSignal | undefined): unknown {
  if (error instanceof KauditError) return error;
  if (signal?.aborted) return interrupted(error);
  if (isDiskFull(error)) return diskFull(coordinates(artifact), error);
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // The errors of a refused connection to several addresses have no message of their own.
  const reason = messageOf(cause) || systemCodeOf(cause);
  return new KauditError('no-network', `${coordinates(artifact)} cannot be downloaded from ${url.host}: ${reason}.`, {
    hint:
      'Check the network. Behind a proxy set KAUDIT_MAVEN_MIRROR to a Maven mirror that can be reached (and ' +
      'NODE_EXTRA_CA_CERTS where it has a certificate of its own), or ELASTICSEARCH_URL to a cluster of yours.',
    cause: error,
  });
}

export function isDiskFull(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function diskFull(what: string, cause: unknown): KauditError {
  return new KauditError('no-disk', `The disk is full: ${what} could not be stored.`, {
    hint: 'Free some 500 MB, or set KAUDIT_CACHE and KAUDIT_HOME to folders on another disk.',
    cause,
  });
}

export function coordinates({ groupId, artifactId, version }: Artifact): string {
  return `${groupId}:${artifactId}:${version}`;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
