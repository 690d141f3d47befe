import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore, refreshEvents } from '../../src/commands/store.ts';
import { type Cluster, setup } from '../../src/elastic/index.ts';
import { keep } from '../../src/load/kept.ts';
import { openQuarantine, type QuarantineEntry } from '../../src/load/quarantine.ts';
import { closeEntries, openEntries, readState } from '../../src/load/quarantine-file.ts';
import { type ReplayedFile, replayFile } from '../../src/load/replay.ts';
import { collect } from '../support/chunks.ts';
import { freshNamespace, loadInto, removeNamespace, search, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-replay-'));
let cluster: Cluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  await setup(cluster);
});
beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(async () => {
  await removeNamespace(cluster, namespace);
});
afterAll(() => rmSync(folder, { recursive: true }));

const line = (auditID: string, changes: { readonly [key: string]: unknown } = {}): string =>
  JSON.stringify(rawEvent({ auditID, ...changes }));
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const signal = new AbortController().signal;
const index = (): string => `/kaudit-events-${namespace}-2026.03`;

/** An index that takes an event in no form: `level` is a date there. */
async function makeStrictIndex(): Promise<void> {
  const properties = { level: { type: 'date', ignore_malformed: false } };
  await cluster.ask('PUT', index(), { mappings: { properties } });
}

async function removeStrictIndex(): Promise<void> {
  await cluster.ask('DELETE', index());
}

/** Loads what the strict index refuses; gives the quarantine file. */
async function quarantineAll(path: string, events: number): Promise<string> {
  await makeStrictIndex();
  const { report } = await loadInto(cluster, namespace, [path]);
  expect(report).toMatchObject({ read: events, quarantined: events, balanced: true });
  expect(report.reasons).toEqual([{ fate: 'quarantined', reason: 'refused-by-server', count: events }]);
  // Once as it is, once as a fallback.
  expect(report.rejections).toEqual({ document_parsing_exception: 2 * events });
  return report.quarantineFile ?? '';
}

async function replay(path: string): Promise<ReplayedFile> {
  const replayed = await replayFile((name) => openStore(cluster, name), path, { signal });
  for (const name of replayed.namespaces) await refreshEvents(cluster, name);
  return replayed;
}

/** A quarantine file with an entry that an older kaudit might have written. */
async function quarantined(entries: readonly Partial<QuarantineEntry>[]): Promise<string> {
  const defaults = { offset: 0, reason: 'not-an-event', detail: 'no auditID: not an audit event', original: '' };
  const rest = { source: '-', whole: false, sha256: '', origin: { offset: 0, format: 'Event' }, namespace };
  const lines = entries.map((entry) => `${JSON.stringify({ ...defaults, ...rest, ...entry })}\n`);
  return file(`${Math.random()}.jsonl`, lines.join(''));
}

describe('a replay', () => {
  it('loads what was refused once the cause is fixed, as if it had never been, and only then closes it', async () => {
    const secret = { level: 'RequestResponse', responseObject: { kind: 'Secret', data: { password: 'canary' } } };
    const items = `{"kind":"EventList","items":[${line('c')},${line('d')}]}`;
    const path = file('all.log.gz', gzipSync(`\n${line('a', secret)}\n${line('ü')}\r\n${items}\n`));
    const quarantine = await quarantineAll(path, 4);
    expect(readFileSync(quarantine, 'utf8')).not.toContain('canary');

    expect(await replay(quarantine)).toMatchObject({
      open: 4,
      closed: 0,
      remaining: 4,
      reasons: [{ reason: 'refused-by-server', count: 4 }],
    });
    await removeStrictIndex();
    expect(await replay(quarantine)).toMatchObject({ open: 4, closed: 4, remaining: 0, reasons: [] });
    const stored = await search(cluster, namespace);
    expect(stored.map((event) => event['auditID']).sort()).toEqual(['a', 'c', 'd', 'ü']);
    expect(JSON.stringify(stored)).not.toContain('canary');

    // Offsets, format and content are those of a load of the file itself.
    const { report } = await loadInto(cluster, namespace, [path]);
    expect(report).toMatchObject({ read: 4, duplicate: 4 });
    const other = freshNamespace();
    await loadInto(cluster, other, [path]);
    const facts = (events: readonly object[]): unknown =>
      events
        .map((event) => ({
          ...event,
          data_stream: undefined,
          kaudit: { ...Reflect.get(event, 'kaudit'), ingested: '' },
        }))
        .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
    expect(facts(stored)).toEqual(facts(await search(cluster, other)));
    await removeNamespace(cluster, other);

    expect(await replay(quarantine)).toMatchObject({ open: 0, closed: 0, remaining: 0 });
  });

  it('loads what was kept where the source is gone, with the place that it had', async () => {
    const path = file('gone.log', `${line('a')}\n[${line('b')}]\n`);
    const quarantine = await quarantineAll(path, 2);
    rmSync(path);
    await removeStrictIndex();
    expect(await replay(quarantine)).toMatchObject({ closed: 2, remaining: 0 });
    const origins = (await search(cluster, namespace)).map((event) => Reflect.get(event['kaudit'] as object, 'origin'));
    expect(origins).toEqual([
      { file: path, offset: 0, format: 'Event' },
      { file: path, offset: line('a').length + 2, format: 'array' },
    ]);
  });

  it('loads events of a streamed document, and bytes that are no UTF-8, from what was kept', async () => {
    const pretty = ['a', 'b'].map((auditID) => JSON.stringify(rawEvent({ auditID }), null, 2)).join('\n');
    const bytes = Buffer.from(line('c').replace('kubectl', 'kube\x01ctl'));
    bytes[bytes.indexOf(1)] = 0xff;
    const streamed = await quarantineAll(file('streamed.json', pretty), 2);
    const { report } = await loadInto(cluster, namespace, [file('latin.log', bytes)]);
    rmSync(join(folder, 'latin.log'));
    await removeStrictIndex();
    expect(await replay(streamed)).toMatchObject({ closed: 2, remaining: 0 });
    expect(await replay(report.quarantineFile ?? '')).toMatchObject({ closed: 1, remaining: 0 });
    const stored = await search(cluster, namespace);
    const facts = new Map(stored.map((event) => [event['auditID'], event['kaudit'] as object]));
    expect(facts.get('b')).toMatchObject({ origin: { offset: 1, format: 'Event (streamed)' } });
    expect(facts.get('c')).toMatchObject({ degraded: 'invalid-utf8', raw: `base64:${bytes.toString('base64')}` });
  });

  it('does not wait for a pipe that stands where a source was', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const quarantine = await quarantined([{ source: pipe, path: pipe, end: 10, original: line('a'), whole: true }]);
    expect(await replay(quarantine)).toMatchObject({ closed: 1 });
  });

  it('does not take what stands in the place of a record now for the record', async () => {
    const path = file('changed.log', `${line('old')}\n`);
    const quarantine = await quarantineAll(path, 1);
    writeFileSync(path, `${line('new')}\n`);
    await removeStrictIndex();
    expect(await replay(quarantine)).toMatchObject({ closed: 1 });
    expect((await search(cluster, namespace)).map((event) => event['auditID'])).toEqual(['old']);
  });

  it('loads what a newer kaudit understands, from the source', async () => {
    // What this kaudit reads as a list, an older one would have quarantined as a whole, and cut.
    const text = JSON.stringify({ kind: 'EventList', items: [rawEvent({ auditID: 'a' }), rawEvent({ auditID: 'b' })] });
    const path = file('wrapped.log', `${line('x')}\n${text}\n`);
    const offset = line('x').length + 1;
    const { sha256 } = keep(text);
    const quarantine = await quarantined([{ source: path, path, offset, end: offset + text.length, sha256 }]);
    expect(await replay(quarantine)).toMatchObject({ closed: 1, remaining: 0 });
    expect((await search(cluster, namespace)).map((event) => event['auditID']).sort()).toEqual(['a', 'b']);
  });

  it('says what remains: what is still no event, and what was cut and has no source', async () => {
    const whole = '{"kind":"Pod"}';
    const quarantine = await quarantined([
      { original: whole, whole: true },
      { offset: 20, original: line('cut').slice(0, 40), reason: 'not-json', detail: 'not valid JSON' },
    ]);
    expect(await replay(quarantine)).toMatchObject({
      open: 2,
      closed: 0,
      remaining: 2,
      reasons: [
        { reason: 'not-an-event', detail: 'kind is not Event', count: 1 },
        { reason: 'not-json', detail: expect.stringContaining('could not be read again'), count: 1 },
      ],
    });
  });

  it('closes nothing when it is interrupted before', async () => {
    const quarantine = await quarantined([{ original: line('a'), whole: true }]);
    const storeOf = (): Promise<never> => Promise.reject(new Error('nothing to store'));
    expect(await replayFile(storeOf, quarantine, { signal: AbortSignal.abort() })).toMatchObject({
      closed: 0,
      remaining: 1,
    });
    expect(await replay(quarantine)).toMatchObject({ closed: 1 });
  });
});

describe('a quarantine file', () => {
  async function withEntries(count: number): Promise<string> {
    const quarantine = openQuarantine(folder, `${Math.random()}`, { cluster: undefined, namespace });
    const origin = { file: '-', offset: 0, format: 'Event' };
    for (let at = 0; at < count; at += 1) {
      await quarantine.add({
        text: `{"kind":"${at}"}`,
        range: undefined,
        origin,
        reason: 'not-an-event',
        detail: 'no',
      });
    }
    await quarantine.close();
    return quarantine.file() ?? '';
  }
  const openLines = async (path: string): Promise<readonly string[]> =>
    (await collect(openEntries(path, await readState(path)))).map(({ entry }) => entry.original);

  it('loses no entry, wherever a crash cuts off a closing', async () => {
    const path = await withEntries(4);
    const before = readFileSync(path);
    await closeEntries(path, [1, 2, 4], await readState(path));
    expect(await openLines(path)).toEqual(['{"kind":"2"}']);
    const after = readFileSync(path);
    expect(after.subarray(0, before.length)).toEqual(before);
    for (let end = before.length; end <= after.length; end += 1) {
      writeFileSync(path, after.subarray(0, end));
      const left = await openLines(path);
      // The closing counts once all of it is there, its newline aside.
      expect(left).toHaveLength(end >= after.length - 1 ? 1 : 4);
      expect((await readState(path)).damaged).toBe(0);
      await closeEntries(path, [3], await readState(path));
      expect(await openLines(path)).toEqual(left.filter((text) => text !== '{"kind":"2"}'));
      expect((await readState(path)).damaged).toBe(0);
    }
  });

  it('loses no whole entry when a crash cuts off the last one, and does not count that', async () => {
    const path = await withEntries(3);
    truncateSync(path, readFileSync(path).length - 10);
    expect(await openLines(path)).toEqual(['{"kind":"0"}', '{"kind":"1"}']);
    await closeEntries(path, [1], await readState(path));
    appendFileSync(path, readFileSync(await withEntries(1)));
    expect(await readState(path)).toMatchObject({ open: 2, damaged: 0, torn: undefined });
  });

  it('tells of lines that are damaged rather than passing over them', async () => {
    const path = await withEntries(2);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"namespace"', '"nameXpace"'));
    expect(await readState(path)).toMatchObject({ open: 1, damaged: 1 });
    await closeEntries(path, [2], await readState(path));
    expect(await readState(path)).toMatchObject({ open: 0, damaged: 1 });
  });

  it('closes exactly the entries that it is told to', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.array(fc.uniqueArray(fc.nat(11))), async (count, rounds) => {
        const path = await withEntries(count);
        const closed = new Set<number>();
        for (const round of rounds) {
          const lines = round.filter((at) => at < count).map((at) => at + 1);
          await closeEntries(path, lines, await readState(path));
          for (const number of lines) closed.add(number - 1);
        }
        const wanted = Array.from({ length: count }, (_, at) => at).filter((at) => !closed.has(at));
        expect(await openLines(path)).toEqual(wanted.map((at) => `{"kind":"${at}"}`));
      }),
      { numRuns: 30 },
    );
  });
});
