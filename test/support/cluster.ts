import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { eventsAlias } from '../../src/audit/indices.ts';
import { openStore, refreshEvents } from '../../src/commands/store.ts';
import { type Cluster, connect } from '../../src/elastic/index.ts';
import { findSources, type LoadResult, load } from '../../src/load/index.ts';
import { isObject, type JsonObject } from '../../src/shared/json.ts';

export { removeNamespace, scratchNamespace as freshNamespace } from '../../src/commands/scratch.ts';

/** The real Elasticsearch of this test run. */
export function testCluster(): Promise<Cluster> {
  return connect(inject('elasticsearch'));
}

/** Loads paths, or texts as files of their own, and makes the result visible. */
export async function loadInto(
  cluster: Cluster,
  namespace: string,
  paths: readonly string[],
  name = 'test',
): Promise<LoadResult> {
  const sources = await findSources(paths, process.stdin);
  const result = await load(await openStore(cluster, namespace), sources, {
    cluster: name,
    namespace,
    quarantine: mkdtempSync(join(tmpdir(), 'kaudit-quarantine-')),
    signal: new AbortController().signal,
  });
  if (result.report.created > 0) await refreshEvents(cluster, namespace);
  return result;
}

/** Sources of the events that match, in the order of time. */
export async function search(
  cluster: Cluster,
  namespace: string,
  query: JsonObject = { match_all: {} },
): Promise<readonly JsonObject[]> {
  const answer = await cluster.ask('POST', `/${eventsAlias(namespace)}/_search`, {
    size: 1000,
    query,
    sort: [{ '@timestamp': { order: 'asc', missing: '_last' } }],
  });
  const hits = isObject(answer) && isObject(answer['hits']) ? answer['hits']['hits'] : [];
  return Array.isArray(hits) ? hits.map((hit: JsonObject) => hit['_source']).filter(isObject) : [];
}

export async function countEvents(cluster: Cluster, namespace: string): Promise<number> {
  const answer = await cluster.ask('GET', `/${eventsAlias(namespace)}/_count`);
  return isObject(answer) ? Number(answer['count']) : Number.NaN;
}

/** What to do with a request: undefined passes it on. Called with the body, before or after the real server has had it. */
export interface Faults {
  readonly before?: (path: string, body: Buffer) => Fault | undefined;
  readonly after?: (path: string, body: Buffer) => Fault | undefined;
}

/** Answers with a status, or breaks the connection. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'reset';

export interface FaultyProxy {
  readonly url: string;
  readonly close: () => void;
}

/** Stands before the real server and spoils some of its requests. */
export async function faultyProxy(target: string, faults: Faults): Promise<FaultyProxy> {
  const server = createServer((incoming, outgoing) => {
    void relay(target, faults, incoming, outgoing).catch(() => outgoing.destroy());
  });
  const url = await listen(server);
  return { url, close: () => void server.close() };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function relay(
  target: string,
  faults: Faults,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await bytesOf(incoming);
  const path = incoming.url ?? '/';
  const spoilt = faults.before?.(path, body);
  if (spoilt !== undefined) return answer(outgoing, spoilt);
  const upstream = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method, headers } = incoming;
    // A connection of its own: one that is kept may be closed just when it is used again.
    request(target + path, { agent: false, method, headers: { ...headers, host: new URL(target).host } }, resolve)
      .on('error', reject)
      .end(body);
  });
  const bytes = await bytesOf(upstream);
  const late = faults.after?.(path, body);
  if (late !== undefined) return answer(outgoing, late);
  outgoing.writeHead(upstream.statusCode ?? 500, upstream.headers);
  outgoing.end(bytes);
}

function answer(outgoing: ServerResponse, fault: Fault): void {
  if (fault === 'reset') {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(fault.status, {
    'content-type': 'application/json',
    'x-elastic-product': 'Elasticsearch',
    ...fault.headers,
  });
  outgoing.end(fault.body ?? '{}');
}

export async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
