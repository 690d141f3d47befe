import { eventsAlias } from '../audit/indices.ts';
import { type Cluster, createDocuments, ensureIndex, getStored, setup } from '../elastic/index.ts';
import type { Store, Tally } from '../load/index.ts';

export interface StoreOptions {
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  /** Counts what is sent again, by why. */
  readonly retries?: Tally;
}

/** A cluster as the loader sees it, with its mapping in place. */
export async function openStore(cluster: Cluster, { signal, say, retries }: StoreOptions = {}): Promise<Store> {
  await setup(cluster);
  const onRetry = (reason: string, waitMs: number): void => {
    retries?.add(reason);
    say?.(`Elasticsearch: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  };
  return {
    ensureIndex: (index, alias) => ensureIndex(cluster, index, alias),
    create: (documents) => createDocuments(cluster, documents, { onRetry, ...(signal && { signal }) }),
    get: (addresses, fields) => getStored(cluster, addresses, fields),
  };
}

/** Makes what has been loaded visible to searches. */
export async function refreshEvents(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.ask('POST', `/${eventsAlias(namespace)}/_refresh`);
}
