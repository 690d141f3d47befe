/** The Elasticsearch that is loaded into: kaudit's embedded node, in a home of the benchmark's own. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const CLI = join(import.meta.dirname, '../../dist/cli.js');
const HEAP = '2g';
const execute = promisify(execFile);

export interface Server {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  /** One request; throws with the server's words unless its status is below 300. */
  readonly ask: (method: string, path: string, body?: object) => Promise<Json>;
  readonly stop: () => Promise<void>;
}

/** An answer, read by name; what is not there is undefined. */
export interface Json {
  readonly [key: string]: Json;
}

export async function startServer(scratch: string): Promise<Server> {
  const home = join(scratch, 'home');
  const env = { ...process.env, KAUDIT_HOME: home, KAUDIT_ES_HEAP: HEAP, ELASTICSEARCH_URL: '' };
  const kaudit = (...args: string[]) => execute(process.execPath, [CLI, ...args], { env });
  await kaudit('up', '--fresh');
  const status = JSON.parse((await kaudit('status', '--json')).stdout) as { url: string; version: string };
  const { password } = JSON.parse(await readFile(join(home, 'node.json'), 'utf8')) as { password: string };
  const username = 'kaudit';
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return {
    ...status,
    username,
    password,
    ask: async (method, path, body) => {
      const response = await fetch(`${status.url}${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
      return JSON.parse(text) as Json;
    },
    stop: async () => {
      await kaudit('down');
    },
  };
}

/** CPU that the server's process has used since it started. */
export async function serverCpuMicros({ ask }: Server): Promise<number> {
  const { nodes } = await ask('GET', '/_nodes/_local/stats/process');
  const [node] = Object.values(nodes ?? {});
  return Number(node?.['process']?.['cpu']?.['total_in_millis']) * 1000;
}

/** Deletes the indices that a pattern names; the server takes no pattern for that. */
export async function deleteIndices({ ask }: Server, pattern: string): Promise<void> {
  const indices = await ask('GET', `/${pattern}/_settings?expand_wildcards=all&ignore_unavailable=true`);
  for (const index of Object.keys(indices)) await ask('DELETE', `/${index}`);
}

/** Documents that a search finds from now on. */
export async function refreshAndCount({ ask }: Server, pattern: string): Promise<number> {
  await ask('POST', `/${pattern}/_refresh`);
  return Number((await ask('GET', `/${pattern}/_count`))['count']);
}

/** Documents that were taken so far, searchable or not; 0 before the index is there. */
export async function taken({ ask }: Server, pattern: string): Promise<number> {
  const stats = await ask('GET', `/${pattern}/_stats/indexing?ignore_unavailable=true`);
  return Number(stats['_all']?.['primaries']?.['indexing']?.['index_total'] ?? 0);
}

/** Bytes on disk for each document when all is merged into one segment: how far merging got is left to chance. */
export async function bytesPerDocument({ ask }: Server, pattern: string): Promise<number> {
  await ask('POST', `/${pattern}/_forcemerge?max_num_segments=1`);
  await ask('POST', `/${pattern}/_flush`);
  const { primaries } = (await ask('GET', `/${pattern}/_stats/store,docs`))['_all'] ?? {};
  return Number(primaries?.['store']?.['size_in_bytes']) / Number(primaries?.['docs']?.['count']);
}

/** `auditID stage` of every document. */
export async function storedIds({ ask }: Server, pattern: string): Promise<readonly string[]> {
  const ids: string[] = [];
  const query = { size: 10_000, sort: ['_doc'], _source: ['auditID', 'stage'] };
  let page = await ask('POST', `/${pattern}/_search?scroll=1m`, query);
  for (;;) {
    const hits = Object.values(page['hits']?.['hits'] ?? {});
    if (hits.length === 0) break;
    for (const hit of hits) ids.push(`${hit['_source']?.['auditID']} ${hit['_source']?.['stage']}`);
    page = await ask('POST', '/_search/scroll', { scroll: '1m', scroll_id: page['_scroll_id'] });
  }
  await ask('DELETE', '/_search/scroll', { scroll_id: page['_scroll_id'] });
  return ids;
}
