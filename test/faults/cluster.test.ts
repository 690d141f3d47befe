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
    const loads = [0, 5000, 10_000].map((from, at) => {
      const path = join(folder, `${at}.log`);
      writeFileSync(path, LINES.slice(from, from + 20_000).join('\n'));
      // With the replica from the beginning: it is what takes over.
      return startLoad(first.target, namespace, { paths: [path], flags: ['--no-tune'] });
    });
    while (!(await first.target.holdsAny(namespace))) await new Promise((resolve) => setTimeout(resolve, 50));
    const killed = await holderOf(cluster, namespace);
    nodes[NAMES.indexOf(killed)]?.kill();
    const ends = await Promise.all(loads.map((running) => running.end()));
    for (const ran of ends) expect(ran.code, ran.err).toBe(0);
    const reports = ends.map((ran) => ledgerOf(ran));
    expect(reports.reduce((sum, { created }) => sum + created, 0)).toBe(LINES.length);
    expect(reports.every(({ variant, quarantined }) => variant + quarantined === 0)).toBe(true);
    await expectExactly(first.target, namespace, LINES);
    await expectFreshEventPasses(first.target, namespace);
  });
});
