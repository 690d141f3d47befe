/** The Elasticsearch that is loaded into: kaudit's embedded node, in a home of the benchmark's own. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { descendants, processCpuMicros } from './proc.ts';

export const CLI = join(import.meta.dirname, '../../dist/cli.js');
const HEAP = '2g';
const execute = promisify(execFile);

export interface Server {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  /** Its launcher, whose child is the server. */
  readonly pid: number;
  /** One request; throws with the server's words unless its status is below 300. */
  readonly ask: (method: string, path: string, body?: object) => Promise<Json>;
  readonly stop: () => Promise<void>;
}

/** An answer, read by name; what is not there is undefined. */
export interface Json {
  readonly [key: string]: Json;
}

/** Starts it unless it runs, and stops it only if it was started here. */
export async function startServer(scratch: string): Promise<Server> {
  const home = join(scratch, 'home');
  const env = { ...process.env, KAUDIT_HOME: home, KAUDIT_ES_HEAP: HEAP, ELASTICSEARCH_URL: '' };
  const kaudit = (...args: string[]) => execute(process.execPath, [CLI, ...args], { env });
  const ranBefore = await kaudit('status').then(
    () => true,
    () => false,
  );
  if (!ranBefore) await kaudit('up');
  const status = JSON.parse((await kaudit('status', '--json')).stdout) as {
    url: string;
    version: string;
    pid: number;
  };
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
      if (!ranBefore) await kaudit('down');
    },
  };
}

/** CPU that the server's processes have used. From the kernel, as the server's own numbers are up to a second old. */
export async function serverCpuMicros({ pid }: Server): Promise<number> {
  const pids = [pid, ...(await descendants(pid))];
  return (await Promise.all(pids.map(processCpuMicros))).reduce((sum, micros) => sum + micros, 0);
}

/** Deletes the indices that a pattern names; the server takes no pattern for that. */
export async function deleteIndices({ ask }: Server, pattern: string): Promise<void> {
  const indices = await ask('GET', `/${pattern}/_settings?expand_wildcards=all&ignore_unavailable=true`);
  for (const index of Object.keys(indices)) await ask('DELETE', `/${index}`);
}

/** Documents that a search finds from now on. */
export async function refreshAndCount({ ask }: Server, pattern: string): Promise<number> {
  await ask('POST', `/${pattern}/_refresh?ignore_unavailable=true`);
  return Number((await ask('GET', `/${pattern}/_count?ignore_unavailable=true`))['count']);
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
