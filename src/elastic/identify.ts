import { KauditError } from '../shared/errors.ts';
import { at, isObject, stringOf } from '../shared/json.ts';
import type { RawRequest, RawResponse } from './cluster.ts';
import { noElasticsearch, refusal } from './failures.ts';

const OLDEST = [8, 19] as const;

export interface Server {
  readonly version: string;
  readonly clusterName: string | undefined;
}

/**
 * Asks what answers there, and checks that kaudit works with it and is let in. The embedded node has no root page (405):
 * there the nodes API tells the version.
 */
export async function identify(
  send: (request: RawRequest) => Promise<RawResponse>,
  url: string,
  hasCredentials: boolean,
): Promise<Server> {
  const root = await send({ method: 'GET', path: '/' });
  const answer =
    root.status === 405
      ? await send({ method: 'GET', path: '/_nodes/_local?filter_path=cluster_name,nodes.*.version' })
      : root;
  if (answer.status === 401 && !hasCredentials) {
    throw new KauditError('unauthorized', `Elasticsearch at ${url} asks for credentials, and none are set.`, {
      hint: 'Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.',
    });
  }
  if (answer.status === 401 || answer.status === 403) throw refusal(answer, 'GET /', url);
  if (answer.status >= 500 || answer.status === 429) {
    throw new KauditError('unreachable', `${url} answers with status ${answer.status}.`, {
      hint: 'The server or a proxy before it is not ready: try again in a moment.',
    });
  }
  const version = readVersion(answer.body);
  if (answer.status !== 200 || version === undefined) throw noElasticsearch(url);
  requireSupported(version, url);
  return { version, clusterName: stringOf(at(answer.body, 'cluster_name')) };
}

function readVersion(body: unknown): string | undefined {
  const version = at(body, 'version');
  // OpenSearch answers like Elasticsearch 7 and names itself here.
  if (at(version, 'distribution') !== undefined) return undefined;
  const nodes = at(body, 'nodes');
  const [node] = isObject(nodes) ? Object.values(nodes) : [];
  return stringOf(at(version, 'number')) ?? stringOf(at(node, 'version'));
}

function requireSupported(version: string, url: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new KauditError('unsupported-server', `${url} runs Elasticsearch ${version}; kaudit needs 8.19 or newer.`, {
    hint: 'Upgrade the server, or unset ELASTICSEARCH_URL to use the embedded node.',
  });
}
