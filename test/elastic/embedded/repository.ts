import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Artifact } from '../../../src/elastic/embedded/releases.ts';

export interface Repository {
  /** Base address, as KAUDIT_MAVEN_MIRROR takes it. */
  readonly mirror: string;
  readonly requests: readonly IncomingMessage[];
}

/** A Maven repository on loopback, of the running test's own. */
export async function startRepository(answer: RequestListener): Promise<Repository> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { mirror: `http://127.0.0.1:${address.port}/maven`, requests };
}

export function artifactOf(content: Buffer, names: Partial<Artifact> = {}): Artifact {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { groupId: 'org.example', artifactId: 'thing', version: '1.0', extension: 'zip', sha256, ...names };
}

/** Serves one file and honours `Range: bytes=N-`. */
export function serve(content: Buffer): RequestListener {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = content.subarray(start);
    const range = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length, ...range });
    response.end(rest);
  };
}
