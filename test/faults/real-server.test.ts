/** Faults that a real server can be made to have: B3, B4, B9, B13 of the fault matrix, and one key for three loaders. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { kaudit } from '../support/cli.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import {
  envOf,
  eventLines,
  expectExactly,
  expectFreshEventPasses,
  ledgerOf,
  realTarget,
  type Target,
} from '../support/oracle.ts';
import { feedUntilStored, startLoad } from '../support/running-load.ts';

/** More than one batch, so that there is a middle. */
const LINES = eventLines(9000, 4);
const INDEX = 'kaudit-events-NAMESPACE-2026.03';

let cluster: Cluster;
let target: Target;
let namespace: string;
let index: string;

beforeEach(async () => {
  cluster = await testCluster();
  target = realTarget();
  namespace = freshNamespace();
  index = INDEX.replace('NAMESPACE', namespace);
});
afterEach(() => removeNamespace(cluster, namespace));

describe('a load, into a real server that blocks writes for a while', () => {
  it.each([
    ['B3: by a write block', 'index.blocks.write'],
    ['B4: as it does beyond the flood stage', 'index.blocks.read_only_allow_delete'],
  ])('waits and is exact: %s', async (_, setting) => {
    const running = startLoad(target, namespace);
    const fed = await feedUntilStored(running, LINES, target, namespace);
    await cluster.ask('PUT', `/${index}/_settings`, { [setting]: true });
    // It takes no more than it may have under way, until it may write again.
    const ended = running.feed(LINES.slice(fed)).then(() => running.end());
    await running.says(/cluster_block_exception.*trying again/);
    await cluster.ask('PUT', `/${index}/_settings`, { [setting]: null });
    const ran = await ended;
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(target, namespace, LINES);
    await expectFreshEventPasses(target, namespace);
  });
});

describe('B13: a load, whose index is deleted in the middle of it', () => {
  it('stops, makes no index without an alias, and the next load is whole', async () => {
    const running = startLoad(target, namespace);
    const fed = await feedUntilStored(running, LINES, target, namespace);
    await cluster.ask('DELETE', `/${index}`);
    await running.feed(LINES.slice(fed));
    const ran = await running.end();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('An index went away');
    expect((await cluster.send({ method: 'HEAD', path: `/${index}` })).status).toBe(404);
    const again = await kaudit(['load', '-', '--namespace', namespace, '--json'], {
      env: envOf(target),
      input: LINES.join('\n'),
    });
    expect(ledgerOf(again)).toMatchObject({ created: LINES.length });
    await expectExactly(target, namespace, LINES);
    await expectFreshEventPasses(target, namespace);
  });
});

describe('B9: a load, of events that a mapping could refuse', () => {
  const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  const conflicts: readonly (readonly [string, object])[] = [
    ['an object for a string', { verb: { a: 1 } }],
    ['a string for an object', { responseStatus: 'Failure' }],
    ['an array of objects for a keyword', { userAgent: [{ a: 1 }] }],
    ['a depth of 60', { requestObject: nested(60) }],
    ['a depth of 60 where no body is', { objectRef: nested(60) }],
    ['an immense term', { user: { username: 'x'.repeat(40_000) } }],
    ['an immense term in a label', { annotations: { note: 'x'.repeat(100_000) } }],
    [
      'five thousand keys',
      { responseObject: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at])) },
    ],
  ];

  it('stores each, and all around them', async () => {
    const odd = conflicts.map(([name, changes]) => JSON.stringify(rawEvent({ auditID: name, ...changes })));
    const around = LINES.slice(0, 200);
    const path = join(mkdtempSync(join(tmpdir(), 'kaudit-odd-')), 'audit.log');
    writeFileSync(path, around.flatMap((line, at) => (odd[at] === undefined ? [line] : [line, odd[at]])).join('\n'));
    const ran = await kaudit(['load', path, '--namespace', namespace, '--json'], { env: envOf(target) });
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: around.length + odd.length, quarantined: 0 });
    const stored = await target.stored(namespace);
    expect(stored.map((source) => source['auditID'])).toEqual(expect.arrayContaining(conflicts.map(([name]) => name)));
    expect(stored).toHaveLength(around.length + odd.length);
    await expectFreshEventPasses(target, namespace);
  });
});

describe('three loaders at the same time', () => {
  it('store each event of files that overlap once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kaudit-three-'));
    const lines = LINES.slice(0, 3000);
    const paths = [0, 500, 1000].map((from, at) => {
      const path = join(folder, `${at}.log`);
      writeFileSync(path, lines.slice(from, from + 2000).join('\n'));
      return path;
    });
    const all = await Promise.all(
      paths.map((path) => kaudit(['load', path, '--namespace', namespace, '--json'], { env: envOf(target) })),
    );
    const reports = all.map((ran) => ledgerOf(ran));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(reports.reduce((sum, { created }) => sum + created, 0)).toBe(3000);
    expect(reports.reduce((sum, { created, duplicate }) => sum + created + duplicate, 0)).toBe(6000);
    await expectExactly(target, namespace, lines);
  });
});
