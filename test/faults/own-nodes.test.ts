/** Nodes with little room, and nodes that are killed: B5, B6, B7, B12, B14 of the fault matrix. Each starts a server. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/elastic/index.ts';
import { kaudit } from '../support/cli.ts';
import { freshNamespace } from '../support/cluster.ts';
import { isLong } from '../support/long.ts';
import { envOf, eventLines, expectExactly, expectFreshEventPasses, ledgerOf, realTarget } from '../support/oracle.ts';
import { type OwnNode, ownNode } from '../support/own-node.ts';
import { feedUntilStored, startLoad } from '../support/running-load.ts';

const LINES = eventLines(15_000, 5);
const NAMESPACE = freshNamespace();

let node: OwnNode | undefined;
afterEach(() => node?.remove());

/** Loads all lines into the node; they are created once, and a fresh event still goes in. Answers what was said. */
async function expectExactLoad(own: OwnNode, lines = LINES): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'kaudit-own-')), 'audit.log');
  writeFileSync(path, lines.join('\n'));
  const ran = await kaudit(['load', path, '--namespace', NAMESPACE, '--json'], { env: envOf(own.target) });
  expect(ran.code, ran.err).toBe(0);
  expect(ledgerOf(ran)).toMatchObject({ created: lines.length });
  await expectExactly(own.target, NAMESPACE, lines);
  await expectFreshEventPasses(own.target, NAMESPACE);
  return ran.err;
}

describe.runIf(isLong)('a load, into a real node with little room', { timeout: 600_000 }, () => {
  it('B5: completes under indexing pressure', async () => {
    node = await ownNode({ 'indexing_pressure.memory.limit': '8mb' });
    expect(await expectExactLoad(node)).toMatch(/status 429|rejected_execution/);
  });

  // Since 8.16 a bulk request is read in parts, and no breaker of 9.5.3 trips: what it would answer, the fake server does.
  it('B6: completes with a circuit breaker that is smaller than a request', async () => {
    node = await ownNode({ 'network.breaker.inflight_requests.limit': '4mb' });
    await expectExactLoad(node);
  });

  it('B7: makes its requests as small as the server wants them', async () => {
    node = await ownNode({ 'http.max_content_length': '1mb' });
    await expectExactLoad(node);
  });

  it('B7: keeps an event that the server never takes in the quarantine', async () => {
    node = await ownNode({ 'http.max_content_length': '1mb' });
    const lines = LINES.slice(0, 100);
    const huge = { ...JSON.parse(lines[0] ?? ''), auditID: 'huge', requestObject: { note: 'x'.repeat(2_000_000) } };
    const path = join(mkdtempSync(join(tmpdir(), 'kaudit-own-')), 'audit.log');
    writeFileSync(path, [JSON.stringify(huge), ...lines].join('\n'));
    const ran = await kaudit(['load', path, '--namespace', NAMESPACE, '--json'], { env: envOf(node.target) });
    expect(ran.code, ran.err).toBe(3);
    const { created, quarantined, quarantineFile } = ledgerOf(ran);
    expect({ created, quarantined }).toEqual({ created: 100, quarantined: 1 });
    expect(readFileSync(quarantineFile ?? '', 'utf8')).toContain('larger than the server takes');
    await expectExactly(node.target, NAMESPACE, lines);
  });
});

describe.runIf(isLong)('B12: a load, into a real node that is killed and starts again', { timeout: 600_000 }, () => {
  it('waits and is exact', async () => {
    node = await ownNode();
    const running = startLoad(node.target, NAMESPACE);
    const fed = await feedUntilStored(running, LINES, node.target, NAMESPACE);
    node.kill();
    // It takes no more than it may have under way, until the node is there again.
    const rest = running.feed(LINES.slice(fed));
    await running.says(/no answer; trying again/);
    await node.restart();
    await rest;
    const ran = await running.end();
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ read: LINES.length, created: LINES.length });
    await expectExactly(node.target, NAMESPACE, LINES);
    await expectFreshEventPasses(node.target, NAMESPACE);
  });
});

describe.runIf(isLong)('B14: a load, whose user is taken away in the middle of it', { timeout: 600_000 }, () => {
  it('stops with a sentence, and is whole when the user is back', async () => {
    node = await ownNode();
    const credentials = { url: node.url, username: 'writer', password: 'a secret of the writer' };
    const writer = realTarget(credentials);
    const knows = async (wanted: boolean): Promise<void> => {
      const isKnown = (): Promise<boolean> =>
        connect(credentials).then(
          () => true,
          () => false,
        );
      while ((await isKnown()) !== wanted) await delay(200);
    };
    await node.setUsers({ writer: credentials.password });
    await knows(true);
    const running = startLoad(writer, NAMESPACE);
    const fed = await feedUntilStored(running, LINES, node.target, NAMESPACE);
    await node.setUsers({});
    await knows(false);
    await running.feed(LINES.slice(fed));
    const ran = await running.end();
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('does not accept these credentials');
    await node.setUsers({ writer: credentials.password });
    await knows(true);
    const again = startLoad(writer, NAMESPACE);
    await again.feed(LINES);
    ledgerOf(await again.end());
    await expectExactly(node.target, NAMESPACE, LINES);
    await expectFreshEventPasses(writer, NAMESPACE);
  });
});
