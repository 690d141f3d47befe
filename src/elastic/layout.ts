import {
  BUCKETS,
  type Bucket,
  DEFAULT_BUCKET,
  eventsAlias,
  eventsIndex,
  readEventsIndex,
  undatedIndex,
} from '../audit/indices.ts';
import { KauditError } from '../shared/errors.ts';
import { isObject } from '../shared/json.ts';
import type { Cluster } from './cluster.ts';
import { refusal } from './failures.ts';
import { ensureIndex } from './install.ts';

/** How the events of a namespace are spread over indices. */
export interface Layout {
  readonly bucket: Bucket;
  /** Primary shards of an index that is created. */
  readonly shards: number;
}

/**
 * The layout of a namespace. The first load decides, and it is remembered: an event is known by its id within one index,
 * so the same event in a month's and in a day's index would be stored twice.
 *
 * It stands in the `_meta` of the index of undated events. That index has the same name whatever the bucket, and of
 * several loaders that create an index at once exactly one succeeds: it decides, and the others read what it decided.
 * Where that index was deleted, the names of the others tell the bucket. Shards decide nothing about identity: a later
 * load may ask for another number, for the indices that it creates.
 */
export async function settleLayout(cluster: Cluster, namespace: string, wanted: Partial<Layout>): Promise<Layout> {
  const remembered = (await readLayout(cluster, namespace)) ?? (await decideLayout(cluster, namespace, wanted));
  if (wanted.bucket !== undefined && wanted.bucket !== remembered.bucket) {
    throw bucketTaken(namespace, wanted.bucket, remembered.bucket);
  }
  return { ...remembered, ...(wanted.shards !== undefined && { shards: wanted.shards }) };
}

async function readLayout(cluster: Cluster, namespace: string): Promise<Layout | undefined> {
  const path = `/${undatedIndex(namespace)}/_mapping`;
  const response = await cluster.send({ method: 'GET', path });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refusal(response, `GET ${path}`, cluster.url);
  const index = isObject(response.body) ? response.body[undatedIndex(namespace)] : undefined;
  const mappings = isObject(index) ? index['mappings'] : undefined;
  const meta = isObject(mappings) ? mappings['_meta'] : undefined;
  const layout = isObject(meta) ? meta['kaudit_layout'] : undefined;
  if (!isObject(layout)) return { bucket: DEFAULT_BUCKET, shards: 1 };
  const bucket = BUCKETS.find((name) => name === layout['bucket']);
  if (bucket !== undefined) return { bucket, shards: Number(layout['shards']) };
  throw new KauditError('mapping-newer', `Namespace ${namespace} has a layout that this kaudit does not know.`, {
    hint: 'Use the kaudit that loaded it, or a newer one.',
  });
}

async function decideLayout(cluster: Cluster, namespace: string, wanted: Partial<Layout>): Promise<Layout> {
  const bucket = (await bucketInUse(cluster, namespace)) ?? wanted.bucket ?? DEFAULT_BUCKET;
  const layout: Layout = { bucket, shards: wanted.shards ?? 1 };
  const alias = eventsAlias(namespace);
  const result = await ensureIndex(cluster, undatedIndex(namespace), { alias, meta: { kaudit_layout: layout } });
  if (result === 'created') return layout;
  return (await readLayout(cluster, namespace)) ?? layout;
}

async function bucketInUse(cluster: Cluster, namespace: string): Promise<Bucket | undefined> {
  const path = `/${eventsIndex(namespace, '*')}/_settings?filter_path=*.settings.index.uuid`;
  const found = await cluster.ask('GET', path);
  const names = isObject(found) ? Object.keys(found) : [];
  return names.map((name) => readEventsIndex(name)?.bucket).find((bucket) => bucket !== undefined);
}

function bucketTaken(namespace: string, wanted: Bucket, kept: Bucket): KauditError {
  return new KauditError('usage', `Namespace ${namespace} has an index a ${kept}: it cannot have one a ${wanted}.`, {
    hint:
      `Leave --bucket out, or load into another --namespace. To start over, delete ${eventsIndex(namespace, '*')}: ` +
      'in two layouts the same event would be stored twice.',
  });
}
