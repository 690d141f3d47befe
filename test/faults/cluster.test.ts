/** Three nodes with one replica, one of which is killed in the middle of loads: B12 of the fault matrix, as clusters have it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, connect } from '../../src/elastic/index.ts';
import { freshNamespace } from '../support/cluster.ts';
import { fieldOf } from '../support/field.ts';
import { isLong } from '../support/long.ts';
import { eventLines, expectExactly, expectFreshEventPasses, ledgerOf } from '../support/oracle.ts';
import { type OwnNode, ownNode } from '../support/own-node.ts';
import { startLoad } from '../support/running-load.ts';

const LINES = eventLines(30_000, 14);

interface Health {
  readonly status: string;
  readonly active_primary_shards: number;
  readonly active_shards: number;
}

const NAMES = ['one', 'two', 'three'];

/** The node, other than the one that is talked to, that holds the primary shard of the events, or else its replica. */
async function holderOf(cluster: Cluster, namespace: string): Promise<string> {
  const answer = await cluster.ask('GET', `/_cat/shards/kaudit-events-${namespace}-*?format=json&h=prirep,node`);
  const shards = (answer as readonly { prirep: string; node: string | null }[]).toSorted((a, b) =>
    a.prirep.localeCompare(b.prirep),
  );
  const holder = shards.find(({ node }) => node === 'two' || node === 'three')?.node;
  if (!holder) throw new Error(`no other node holds a shard: ${JSON.stringify(shards)}`);
  return holder;
}

/** Loads one event, so that the index is there with its replica, which is what takes over: later loads leave both as they are. */
async function makeReplicated(cluster: Cluster, { target }: OwnNode, namespace: string): Promise<void> {
  const running = startLoad(target, namespace, { flags: ['--no-tune'] });
  await running.feed(LINES.slice(0, 1));
  const { code, err } = await running.end();
  expect(code, err).toBe(0);
  const health = `/_cluster/health/kaudit-events-${namespace}-*?wait_for_status=green&timeout=120s`;
  const { status, active_primary_shards: primaries, active_shards: all } = (await cluster.ask('GET', health)) as Health;
  expect({ status, copies: all / primaries }).toEqual({ status: 'green', copies: 2 });
}

async function countIn(cluster: Cluster, namespace: string): Promise<number> {
  return Number(fieldOf(await cluster.ask('GET', `/kaudit-events-${namespace}-*/_count`), 'count'));
}

/** The first makes the cluster; the others find it by its transport port. */
async function startThree(): Promise<readonly OwnNode[]> {
  const name = `kaudit-three-${process.pid}`;
  const shared = {
    'cluster.name': name,
    'discovery.type': undefined,
    // A basic licence asks for TLS between nodes, which these have not; the trial does not.
    'xpack.license.self_generated.type': 'trial',
  };
  const first = await ownNode({ ...shared, 'node.name': 'one', 'cluster.initial_master_nodes': 'one' });
  const cluster = await connect(first);
  const nodes = await cluster.ask('GET', '/_nodes/_local/transport?filter_path=nodes.*.transport.publish_address');
  const address = Object.values(fieldOf(nodes, 'nodes') as object).map((node) =>
    fieldOf(node, 'transport', 'publish_address'),
  )[0];
  const others = ['two', 'three'].map((node) =>
    ownNode({ ...shared, 'node.name': node, 'discovery.seed_hosts': String(address) }),
  );
  return [first, ...(await Promise.all(others))];
}

describe.runIf(isLong)('loads, into a cluster of three nodes', { timeout: 900_000 }, () => {
  let nodes: readonly OwnNode[] = [];
  let cluster: Cluster;
  beforeAll(async () => {
    nodes = await startThree();
    cluster = await connect(nodes[0] as OwnNode);
    const health = await cluster.ask('GET', '/_cluster/health?wait_for_nodes=3&timeout=120s');
    expect(health).toMatchObject({ number_of_nodes: 3 });
  }, 900_000);
  afterAll(async () => {
    for (const node of nodes) await node.remove();
  }, 300_000);

  it('of three loaders over files that overlap are exact when a node is killed', async () => {
    const [first] = nodes;
    if (first === undefined) throw new Error('there are no nodes');
    const namespace = freshNamespace();
    const folder = mkdtempSync(join(tmpdir(), 'kaudit-cluster-'));
    await makeReplicated(cluster, first, namespace);
    const loads = [0, 5000, 10_000].map((from, at) => {
      const path = join(folder, `${at}.log`);
      writeFileSync(path, LINES.slice(from, from + 20_000).join('\n'));
      return startLoad(first.target, namespace, { paths: [path] });
    });
    while ((await countIn(cluster, namespace)) === 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const killed = await holderOf(cluster, namespace);
    nodes[NAMES.indexOf(killed)]?.kill();
    const ends = await Promise.all(loads.map((running) => running.end()));
    for (const ran of ends) expect(ran.code, ran.err).toBe(0);
    const reports = ends.map((ran) => ledgerOf(ran));
    expect(reports.reduce((sum, { created }) => sum + created, 0)).toBe(LINES.length - 1);
    expect(reports.every(({ variant, quarantined }) => variant + quarantined === 0)).toBe(true);
    await expectExactly(first.target, namespace, LINES);
    await expectFreshEventPasses(first.target, namespace);
  });
});
