import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket } from '../../src/audit/indices.ts';
import { eventsIndex, undatedIndex } from '../../src/audit/indices.ts';
import { type Cluster, settleLayout, setup } from '../../src/elastic/index.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { fieldOf } from '../support/field.ts';

let cluster: Cluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  await setup(cluster);
});
beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(() => removeNamespace(cluster, namespace));

describe('the layout of a namespace', () => {
  it('is a month an index and one shard unless told', async () => {
    expect(await settleLayout(cluster, namespace, {})).toEqual({ bucket: 'month', shards: 1 });
  });

  it('is what the first load asked for, from then on', async () => {
    await settleLayout(cluster, namespace, { bucket: 'day', shards: 3 });
    expect(await settleLayout(cluster, namespace, {})).toEqual({ bucket: 'day', shards: 3 });
    expect(await settleLayout(cluster, namespace, { bucket: 'day', shards: 2 })).toEqual({ bucket: 'day', shards: 2 });
  });

  it('refuses another bucket, and says what to do', async () => {
    await settleLayout(cluster, namespace, { bucket: 'day' });
    await expect(settleLayout(cluster, namespace, { bucket: 'year' })).rejects.toMatchObject({
      code: 'usage',
      exitCode: 2,
      message: `Namespace ${namespace} has an index a day: it cannot have one a year.`,
      hint: expect.stringContaining('Leave --bucket out'),
    });
  });

  it('is decided by one of several loads that begin at once; those that want another are refused', async () => {
    const wanted: readonly Bucket[] = ['day', 'month', 'year', 'day', 'month', 'year'];
    const settled = await Promise.allSettled(wanted.map((bucket) => settleLayout(cluster, namespace, { bucket })));
    const { bucket: decided } = await settleLayout(cluster, namespace, {});
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual(wanted.map((bucket) => bucket === decided));
  });

  it('is told by the names of the indices where the index that remembers it is gone', async () => {
    await settleLayout(cluster, namespace, { bucket: 'year' });
    await cluster.ask('PUT', `/${eventsIndex(namespace, '2026')}`);
    await cluster.ask('DELETE', `/${undatedIndex(namespace)}`);
    await expect(settleLayout(cluster, namespace, { bucket: 'day' })).rejects.toMatchObject({ code: 'usage' });
    expect(await settleLayout(cluster, namespace, {})).toMatchObject({ bucket: 'year' });
  });

  it('is a month where the index of undated events is older than layouts', async () => {
    await cluster.ask('PUT', `/${undatedIndex(namespace)}`);
    expect(await settleLayout(cluster, namespace, {})).toEqual({ bucket: 'month', shards: 1 });
  });

  it('stands beside what the template says of itself', async () => {
    await settleLayout(cluster, namespace, { bucket: 'day' });
    const answer = await cluster.ask('GET', `/${undatedIndex(namespace)}/_mapping`);
    expect(fieldOf(answer, undatedIndex(namespace), 'mappings', '_meta')).toMatchObject({
      managed_by: 'kaudit',
      kaudit_layout: { bucket: 'day', shards: 1 },
    });
  });

  it('refuses one that it does not know', async () => {
    const _meta = { kaudit_layout: { bucket: 'decade', shards: 1 } };
    await cluster.ask('PUT', `/${undatedIndex(namespace)}`, { mappings: { _meta } });
    await expect(settleLayout(cluster, namespace, {})).rejects.toMatchObject({ code: 'mapping-newer' });
  });
});
