import { afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { eventsAlias, eventsIndex, undatedIndex } from '../../src/audit/indices.ts';
import {
  type Cluster,
  connect,
  type Indices,
  openIndices,
  restoreStale,
  settleLayout,
  setup,
  type Tune,
} from '../../src/elastic/index.ts';
import { type FaultyProxy, faultyProxy, freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { fieldOf } from '../support/field.ts';

/** As long after a lease as nobody doubts that its holder is dead. */
const MUCH_LATER = (): number => Date.now() + 3_600_000;
const LAYOUT = { bucket: 'month', shards: 1 } as const;
const TUNED = { refresh_interval: '-1', auto_expand_replicas: 'false', number_of_replicas: '0' };

let cluster: Cluster;
let namespace: string;
let index: string;
let said: string[];
let proxy: FaultyProxy | undefined;

beforeAll(async () => {
  cluster = await testCluster();
  await setup(cluster);
});
beforeEach(async () => {
  namespace = freshNamespace();
  index = eventsIndex(namespace, '2026.03');
  said = [];
  await settleLayout(cluster, namespace, {});
});
afterEach(async () => {
  proxy?.close();
  await removeNamespace(cluster, namespace);
});

const open = (tune: Tune, through = cluster): Indices =>
  openIndices(through, namespace, { layout: LAYOUT, tune, say: (line) => said.push(line) });
const ensure = (indices: Indices): Promise<void> => indices.ensure(index, eventsAlias(namespace));

async function settings(): Promise<unknown> {
  return fieldOf(await cluster.ask('GET', `/${index}/_settings`), index, 'settings', 'index');
}

async function leases(): Promise<readonly string[]> {
  const answer = await cluster.ask('GET', `/${undatedIndex(namespace)}/_alias`);
  const aliases = Object.keys(fieldOf(answer, undatedIndex(namespace), 'aliases') as object);
  return aliases.filter((alias) => alias.includes('loading'));
}

/** What an index has that was never tuned. */
async function expectRestored(refresh?: string): Promise<void> {
  const now = await settings();
  expect(fieldOf(now, 'refresh_interval')).toBe(refresh);
  expect(fieldOf(now, 'auto_expand_replicas')).toBe('0-1');
}

describe('a load', () => {
  it('tunes an index that it creates, and restores it', async () => {
    const load = open('new');
    await ensure(load);
    expect(await settings()).toMatchObject(TUNED);
    expect(await leases()).toHaveLength(1);
    await load.close();
    await expectRestored();
    expect(await leases()).toEqual([]);
    expect(said).toEqual(['While loading: no refresh, no replicas.', 'Restored: refresh and replicas.']);
  });

  it('leaves an index alone that was there, unless it is told to tune all', async () => {
    await cluster.ask('PUT', `/${index}`, { settings: { refresh_interval: '7s' } });
    const quiet = open('new');
    await ensure(quiet);
    await quiet.close();
    expect(said).toEqual([]);
    const load = open('all');
    await ensure(load);
    expect(await settings()).toMatchObject(TUNED);
    await load.close();
    await expectRestored('7s');
  });

  it('tunes nothing when told so', async () => {
    const load = open('none');
    await ensure(load);
    await expectRestored();
    expect(await leases()).toEqual([]);
    await load.close();
    expect(said).toEqual([]);
  });

  it('keeps documents durable while it tunes', async () => {
    const load = open('all');
    await ensure(load);
    const answer = await cluster.ask('GET', `/${index}/_settings?include_defaults=true&flat_settings=true`);
    expect(fieldOf(answer, index, 'defaults', 'index.translog.durability')).toBe('REQUEST');
    await load.close();
  });

  it('gives an index that it creates the shards of the layout', async () => {
    const load = openIndices(cluster, namespace, { layout: { bucket: 'month', shards: 3 }, tune: 'new' });
    await ensure(load);
    expect(await settings()).toMatchObject({ number_of_shards: '3' });
    await load.close();
  });
});

describe('several loads', () => {
  it.each<Tune>(['new', 'all'])('leave it to the last one to restore, tuning %s', async (tune) => {
    const loads = Array.from({ length: 4 }, () => open(tune));
    await Promise.all(loads.map(ensure));
    const [first, ...others] = loads;
    await first?.close();
    if ((await leases()).length > 0) expect(await settings()).toMatchObject(TUNED);
    await Promise.all(others.map((load) => load.close()));
    await expectRestored();
    expect(await leases()).toEqual([]);
  });

  it('says so when it leaves the restoring to another', async () => {
    const [first, second] = [open('new'), open('all')];
    await ensure(first);
    await ensure(second);
    await first.close();
    expect(await settings()).toMatchObject(TUNED);
    expect(said.at(-1)).toContain('"kaudit setup"');
    await second.close();
    await expectRestored();
  });
});

describe('a load that takes long', () => {
  it('renews its lease, so that nobody takes it for dead', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      let clock = Date.now();
      const load = openIndices(cluster, namespace, { layout: LAYOUT, tune: 'new', now: () => clock });
      await ensure(load);
      const [taken] = await leases();
      clock = MUCH_LATER();
      vi.advanceTimersByTime(30_000);
      await vi.waitFor(async () => expect(await leases()).not.toContain(taken), { timeout: 20_000 });
      expect(await leases()).toHaveLength(1);
      expect(await restoreStale(cluster, namespace, () => clock)).toBe(0);
      expect(await settings()).toMatchObject(TUNED);
      await load.close();
      await expectRestored();
      expect(await leases()).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a load that died', () => {
  it('is cleaned up after, once its lease has ended and not before', async () => {
    await ensure(open('new'));
    await restoreStale(cluster, namespace);
    expect(await settings()).toMatchObject(TUNED);
    expect(await restoreStale(cluster, namespace, MUCH_LATER)).toBe(1);
    await expectRestored();
    expect(await leases()).toEqual([]);
  });

  it('is not mistaken for somebody who set the same by hand', async () => {
    await cluster.ask('PUT', `/${index}`, { settings: TUNED });
    await restoreStale(cluster, namespace, MUCH_LATER);
    expect(await settings()).toMatchObject(TUNED);
  });

  it('still has the values to restore when a newer mapping was put in place meanwhile', async () => {
    await ensure(open('new'));
    await setup(await clusterWithOlderTemplate());
    await restoreStale(cluster, namespace, MUCH_LATER);
    await expectRestored();
  });
});

describe('a user who may not tune', () => {
  it('loads without it and is told', async () => {
    const server = inject('elasticsearch');
    proxy = await faultyProxy(server.url, {
      before: (path) => (path.startsWith('/_aliases') ? { status: 403 } : undefined),
    });
    const load = open('new', await connect({ ...server, url: proxy.url }));
    await ensure(load);
    await load.close();
    await expectRestored();
    expect(said).toEqual([expect.stringContaining('lacks "manage"')]);
  });
});

describe('a server that goes away before the end', () => {
  it('leaves a load without an error of its own, and the user with what to do', async () => {
    const server = inject('elasticsearch');
    let away = false;
    proxy = await faultyProxy(server.url, { before: () => (away ? 'reset' : undefined) });
    const load = open('new', await connect({ ...server, url: proxy.url }));
    await ensure(load);
    away = true;
    await load.close();
    expect(said.at(-1)).toContain('run "kaudit setup"');
  });
});

/** Says that its template is of version 0, so that setup brings everything up to date. */
async function clusterWithOlderTemplate(): Promise<Cluster> {
  const server = inject('elasticsearch');
  const old = { _meta: { managed_by: 'kaudit', version: 0 } };
  const body = JSON.stringify({ index_templates: [{ name: 'kaudit-events', index_template: old }] });
  let asked = false;
  proxy = await faultyProxy(server.url, {
    before: (path) => {
      if (asked || !path.startsWith('/_index_template')) return undefined;
      asked = true;
      return { status: 200, body };
    },
  });
  return await connect({ ...server, url: proxy.url });
}
