/** A load that was interrupted goes on where it has ended; what cannot be believed is read again. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore, refreshEvents } from '../../src/commands/store.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { findSources, type LoadOptions, type LoadReport, load, withCheckpoints } from '../../src/load/index.ts';
import { countEvents, freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const EVENTS = 4000;
const lines = Array.from({ length: EVENTS }, (_, index) => JSON.stringify(rawEvent({ auditID: `id-${index}` })));
const folder = mkdtempSync(join(tmpdir(), 'kaudit-resume-'));
const used: string[] = [];
let cluster: Cluster;
let namespace: string;
let state: string;
/** What loads have said. */
let said: string[];

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
  used.push(namespace);
  said = [];
  state = mkdtempSync(join(folder, 'state-'));
});
afterAll(async () => {
  for (const name of used) await removeNamespace(cluster, name);
  rmSync(folder, { recursive: true });
});

const file = (name: string, content: string | Buffer): string => {
  const path = join(state, name);
  writeFileSync(path, content);
  return path;
};

/** Loads a file, with Ctrl-C after the first piece of it where that is asked for. */
async function loadFile(
  path: string,
  interrupted = false,
  settings: Pick<LoadOptions, 'format' | 'longestLine'> = {},
): Promise<LoadReport> {
  const controller = new AbortController();
  const sources = await findSources([path], process.stdin);
  const store = await openStore(cluster, namespace);
  const { report } = await withCheckpoints(join(state, 'checkpoints'), (checkpoints) =>
    load(store, sources, {
      cluster: 'test',
      namespace,
      quarantine: join(state, 'quarantine'),
      signal: controller.signal,
      say: (line) => said.push(line),
      ...settings,
      checkpoints,
      onProgress: () => interrupted && controller.abort(),
    }),
  );
  await refreshEvents(cluster, namespace);
  return report;
}

describe('a load that was interrupted', () => {
  it.each<[string, (text: string) => string | Buffer]>([
    ['a log', (text) => text],
    ['a compressed log', (text) => gzipSync(text)],
  ])('goes on in the middle of %s, and its ledger is of all of it', async (_, pack) => {
    const path = file('audit.log', pack(`${lines.join('\n')}\nno event\n`));
    const first = await loadFile(path, true);
    expect(first.read).toBeGreaterThan(0);
    expect(first.read).toBeLessThan(EVENTS);
    const second = await loadFile(path);
    expect(second).toMatchObject({ read: EVENTS + 1, created: EVENTS, duplicate: 0, quarantined: 1, balanced: true });
    expect(second.files[0]?.resumedAt).toBeGreaterThan(0);
    expect(second.readBefore).toBeGreaterThan(0);
    expect(second.readBefore).toBeLessThanOrEqual(first.read);
    expect(await countEvents(cluster, namespace)).toBe(EVENTS);
  });

  it('still tells what the first run has left out, and where it has put it', async () => {
    const klog = 'I0302 09:41:07.123456       1 controller.go:90] another program';
    const path = file('audit.log', [klog, 'no event', ...lines].join('\n'));
    const first = await loadFile(path, true);
    const second = await loadFile(path);
    expect(second).toMatchObject({ read: EVENTS + 2, created: EVENTS, quarantined: 1, skipped: 1 });
    expect(second).not.toHaveProperty('quarantineFile');
    expect(second.earlierQuarantineFiles).toEqual([first.quarantineFile]);
    expect(second.files[0]?.reason).toBe('1 klog line skipped');
  });

  it('is a new one when it has come to its end', async () => {
    const path = file('audit.log', lines.join('\n'));
    await loadFile(path, true);
    await loadFile(path);
    expect(await loadFile(path)).toMatchObject({ read: EVENTS, created: 0, duplicate: EVENTS });
  });

  it('reads what was added meanwhile', async () => {
    const path = file('audit.log', `${lines.slice(0, EVENTS / 2).join('\n')}\n`);
    await loadFile(path, true);
    appendFileSync(path, lines.slice(EVENTS / 2).join('\n'));
    expect(await loadFile(path)).toMatchObject({ read: EVENTS, created: EVENTS, balanced: true });
  });

  it.each<[string, readonly string[]]>([
    ['begins otherwise', ['{"auditID":"x"', ...lines]],
    ['is another one of the same length', lines.map((line) => line.replace('"id-', '"no-'))],
    ['is shorter', lines.slice(0, 3)],
  ])('begins anew where the log %s', async (_, other) => {
    const path = file('audit.log', lines.join('\n'));
    await loadFile(path, true);
    writeFileSync(path, other.join('\n'));
    const report = await loadFile(path);
    expect(report.files[0]).not.toHaveProperty('resumedAt');
    expect(said).toEqual([`${path} is read from its beginning: it is not the log any more that was begun.`]);
    expect(report).toMatchObject({ read: other.length, balanced: true });
  });

  it('begins anew where another reading may find more: what the first has quarantined is not skipped', async () => {
    const path = file('audit.log', [`${lines[0]}${' '.repeat(2000)}`, ...lines.slice(1)].join('\n'));
    const { quarantined } = await loadFile(path, true, { longestLine: 2000 });
    expect(quarantined).toBe(1);
    const report = await loadFile(path);
    expect(report).toMatchObject({ read: EVENTS, quarantined: 0, balanced: true });
    expect(said).toEqual([`${path} is read from its beginning: it was begun with other settings or another kaudit.`]);
    expect(await countEvents(cluster, namespace)).toBe(EVENTS);
  });

  it('begins anew where another layout is insisted on', async () => {
    const path = file('audit.log', lines.join('\n'));
    await loadFile(path, true, { format: 'lines' });
    expect((await loadFile(path)).files[0]).not.toHaveProperty('resumedAt');
  });

  it('begins anew where its index was deleted', async () => {
    const path = file('audit.log', lines.join('\n'));
    await loadFile(path, true);
    await removeNamespace(cluster, namespace);
    expect(await loadFile(path)).toMatchObject({ read: EVENTS, created: EVENTS });
    expect(await countEvents(cluster, namespace)).toBe(EVENTS);
  });

  it('costs nothing but time when what it remembered is lost', async () => {
    const path = file('audit.log', lines.join('\n'));
    const { created } = await loadFile(path, true);
    rmSync(join(state, 'checkpoints'), { recursive: true });
    expect(await loadFile(path)).toMatchObject({ read: EVENTS, created: EVENTS - created, duplicate: created });
  });
});
