import type { Settings } from '../shared/settings.ts';
import type { Cluster } from './cluster.ts';
import { connect } from './connection.ts';
import { type EmbeddedNode, runningEmbedded, startEmbedded } from './embedded/index.ts';

export interface ChooseOptions {
  readonly settings: Settings;
  readonly say: (line: string) => void;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** The cluster that the settings name, else the embedded node, which is started when it does not run. */
export async function chooseCluster(options: ChooseOptions): Promise<Cluster> {
  const named = await namedCluster(options.settings);
  if (named !== undefined) return named;
  const running = await runningEmbedded(options.settings);
  if (running !== undefined) return await connectEmbedded(running);
  options.say('Starting the embedded Elasticsearch, as ELASTICSEARCH_URL is not set …');
  return await connectEmbedded(await startEmbedded(options));
}

/** The cluster that is there already; undefined where none is named and the embedded node does not run. */
export async function currentCluster(settings: Settings): Promise<Cluster | undefined> {
  const named = await namedCluster(settings);
  if (named !== undefined) return named;
  const running = await runningEmbedded(settings);
  return running && (await connectEmbedded(running));
}

async function namedCluster({ get }: Settings): Promise<Cluster | undefined> {
  const url = get('ELASTICSEARCH_URL');
  if (url === undefined) return undefined;
  const apiKey = get('ELASTICSEARCH_API_KEY');
  const username = get('ELASTICSEARCH_USERNAME');
  const password = get('ELASTICSEARCH_PASSWORD');
  const caFile = get('ELASTICSEARCH_CA_FILE');
  return await connect({
    url,
    ...(apiKey !== undefined && { apiKey }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(caFile !== undefined && { caFile }),
  });
}

export function connectEmbedded({ url, username, password, pid }: EmbeddedNode): Promise<Cluster> {
  return connect({ url, username, password, pid });
}
