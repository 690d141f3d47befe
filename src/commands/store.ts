import { eventsAlias } from '../audit/indices.ts';
import {
  type Cluster,
  createDocuments,
  ensureIndex,
  getStored,
  type RetryOptions,
  refresh,
  setup,
} from '../elastic/index.ts';
import type { Store } from '../load/index.ts';

export interface StoreOptions {
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
}

/** A cluster as the loader sees it, with its mapping in place. */
export async function openStore(cluster: Cluster, { signal, say }: StoreOptions = {}): Promise<Store> {
  await setup(cluster);
  const onRetry = (reason: string, waitMs: number): void => {
    say?.(`Elasticsearch: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  };
  const retry: RetryOptions = { onRetry, ...(signal && { signal }) };
  return {
    ensureIndex: (index, alias) => ensureIndex(cluster, index, alias, retry),
    create: (documents) => createDocuments(cluster, documents, retry),
    get: (addresses, fields) => getStored(cluster, addresses, fields, retry),
  };
}

/** Makes what has been loaded visible to searches. */
export async function refreshEvents(cluster: Cluster, namespace: string): Promise<void> {
  await refresh(cluster, eventsAlias(namespace));
}
