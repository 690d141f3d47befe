import { type Bucket, eventsAlias, variantsIndex } from '../audit/indices.ts';
import {
  type Cluster,
  createDocuments,
  getStored,
  indexId,
  openIndices,
  patiently,
  type RetryOptions,
  refresh,
  restoreStale,
  settleLayout,
  setup,
  type Tune,
} from '../elastic/index.ts';
import type { Store, Tally } from '../load/index.ts';
import { messageOf } from '../shared/errors.ts';

export interface StoreOptions {
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  /** For the first load of a namespace; later ones imply it. */
  readonly bucket?: Bucket;
  /** Primary shards of the indices that the load creates. */
  readonly shards?: number;
  readonly tune?: Tune;
  /** Counts what is sent again, by why. */
  readonly retries?: Tally;
}

export interface OpenStore extends Store {
  /** Restores what was tuned for the load. */
  readonly close: () => Promise<void>;
}

/** A namespace of a cluster as the loader sees it, with its mapping and its layout in place. */
export async function openStore(server: Cluster, namespace: string, options: StoreOptions = {}): Promise<OpenStore> {
  const { signal, say, retries, tune = 'none' } = options;
  const onRetry = (reason: string, waitMs: number): void => {
    retries?.add(reason);
    say?.(`Elasticsearch: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  };
  const retry: RetryOptions = { onRetry, ...(signal && { signal }) };
  const cluster = patiently(server, retry);
  await setup(cluster);
  await restoreStale(cluster, namespace).catch((error: unknown) => {
    say?.(`What an earlier load left without refresh and replicas could not be restored: ${messageOf(error)}`);
  });
  const layout = await settleLayout(cluster, namespace, options);
  // An interrupted load restores what it has tuned all the same.
  const indices = openIndices(patiently(server, { onRetry }), namespace, { layout, tune, ...(say && { say }) });
  return {
    bucket: layout.bucket,
    ensureIndex: indices.ensure,
    indexId: (index) => indexId(cluster, index),
    create: (body, onRefusal) =>
      createDocuments(server, body, {
        ...retry,
        onRetry: (reason, waitMs) => {
          onRefusal?.();
          onRetry(reason, waitMs);
        },
      }),
    get: (addresses, fields) => getStored(server, addresses, fields, retry),
    close: indices.close,
  };
}

/** Makes what has been loaded visible to searches. */
export async function refreshEvents(cluster: Cluster, namespace: string): Promise<void> {
  await refresh(cluster, `${eventsAlias(namespace)},${variantsIndex(namespace)}`);
}
