/** Every wrapping through the real loader: the same documents as out of the native log, and nothing twice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { kaudit } from '../support/cli.ts';
import { countEvents, freshNamespace, loadInto, removeNamespace, search, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { fieldOf } from '../support/field.ts';
import { hasShared, shared } from '../support/shared.ts';
import { WRAPS } from '../support/wrap.ts';

let cluster: Cluster;
let namespace: string;
const folder = mkdtempSync(join(tmpdir(), 'kaudit-wrappers-'));

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(() => removeNamespace(cluster, namespace));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const EVENTS = [
  rawEvent({ auditID: '1' }),
  rawEvent({ auditID: '2', objectRef: { resource: 'pods', name: 'é😀' }, userAgent: 'a "quoted" \\ thing' }),
  rawEvent({ auditID: '3', requestObject: { data: { key: 'canary' }, note: 'x'.repeat(20_000) } }),
].map((event) => JSON.stringify(event));

/** What is stored, without what says where it came from. */
async function stored(): Promise<readonly object[]> {
  const documents = await search(cluster, namespace);
  const events = documents.map(({ kaudit: facts, ...event }) => ({
    ...event,
    kaudit: { ...(facts as object), origin: undefined, ingested: undefined },
  }));
  return events.sort((a, b) => String(fieldOf(a, 'auditID')).localeCompare(String(fieldOf(b, 'auditID'))));
}

describe('a load', () => {
  it('makes the same documents out of every wrapping', async () => {
    await loadInto(cluster, namespace, [file('native.log', `${EVENTS.join('\n')}\n`)]);
    const native = await stored();
    expect(native).toHaveLength(3);
    for (const [name, wrap] of Object.entries(WRAPS)) {
      const path = file('wrapped', wrap.file(EVENTS));
      const repeated = await loadInto(cluster, namespace, [path]);
      expect(repeated.report, name).toMatchObject({ created: 0, duplicate: 3, variant: 0, balanced: true });
      expect(repeated.report, name).toMatchObject({ quarantined: 0, degraded: 0 });
    }
    expect(await countEvents(cluster, namespace)).toBe(3);
  });

  it.each(Object.keys(WRAPS))('creates the documents of a native log out of %s, with their origin', async (name) => {
    const wrap = WRAPS[name];
    const path = file('wrapped', wrap?.file(EVENTS) ?? '');
    const { report } = await loadInto(cluster, namespace, [path]);
    expect(report).toMatchObject({ created: 3, duplicate: 0, variant: 0, quarantined: 0, degraded: 0, balanced: true });
    const formats = (await search(cluster, namespace)).map((source) => fieldOf(source, 'kaudit', 'origin', 'format'));
    expect(formats).toEqual(Array(3).fill(wrap?.format));
    const again = await loadInto(cluster, namespace, [file('native.log', EVENTS.join('\n'))]);
    expect(again.report).toMatchObject({ created: 0, duplicate: 3, variant: 0 });
  });

  it("takes the wrapping's cluster where none was named, for the same document", async () => {
    const path = file('subscription', WRAPS['a CloudWatch subscription']?.file(EVENTS) ?? '');
    expect((await kaudit(['load', path, '--namespace', namespace, '--json'])).json()).toMatchObject({ created: 3 });
    const [source] = await search(cluster, namespace);
    expect(source).toMatchObject({ kaudit: { cluster: 'demo', origin: { cluster: 'demo' } } });
    const native = file('native.log', EVENTS.join('\n'));
    expect((await kaudit(['load', native, '--namespace', namespace, '--json'])).json()).toMatchObject({ duplicate: 3 });
  });

  it('counts the records of other programs, and names them', async () => {
    const klog = 'I0302 09:41:07.123456       1 controller.go:615] "x"\n';
    const path = file('mixed.log', `${klog}${klog}${EVENTS[0]}\n{"index":{}}\n`);
    const load = await kaudit(['load', path, '--namespace', namespace, '--json']);
    expect(load.code).toBe(0);
    expect(load.json()).toMatchObject({
      read: 4,
      created: 1,
      skipped: 3,
      balanced: true,
      files: [{ reason: '2 klog lines, 1 bulk action line skipped' }],
    });
  });

  it('reads documents of its own back as what they are', async () => {
    await loadInto(cluster, namespace, [file('native.log', EVENTS.join('\n'))]);
    const documents = await search(cluster, namespace);
    const dump = documents.map((source, id) => JSON.stringify({ _index: 'i', _id: `${id}`, _source: source }));
    const { report } = await loadInto(cluster, namespace, [file('dump.json', dump.join('\n'))]);
    expect(report).toMatchObject({ read: 3, duplicate: 3, variant: 0 });
  });

  it('keeps names of a wrapping that Elasticsearch would not take', async () => {
    const odd = JSON.stringify({ '@timestamp': 'x', agent: {}, host: { name: '\ud800' }, message: EVENTS[0] });
    const { report } = await loadInto(cluster, namespace, [file('odd.json', odd)]);
    expect(report).toMatchObject({ read: 1, created: 1, balanced: true });
  });
});

describe.skipIf(!hasShared)('wrapped logs of others', () => {
  const load = async (...names: readonly string[]): Promise<object> =>
    (await loadInto(cluster, namespace, names.map(shared))).report;

  it.each([
    ['derived/aks-diagnostic-records.ndjson', 23, 0],
    ['derived/webhook-eventlists.ndjson', 8, 0],
    ['derived/khi-gke-logentries.ndjson', 3, 1],
    ['aks-audit-log', 24, 0],
    ['openshift-docs/openshift-audit-samples.ndjson', 4, 0],
    ['khi', 4, 1],
  ])('%s', async (name, created, skipped) => {
    const report = await load(name);
    expect(report).toMatchObject({
      read: created + skipped,
      created,
      skipped,
      variant: 0,
      quarantined: 0,
      balanced: true,
    });
  });

  it('the batch of AKS holds the events of its records', async () => {
    await load('aks-audit-log');
    expect(await load('derived/aks-diagnostic-records.ndjson')).toMatchObject({ created: 0, duplicate: 23 });
  });

  it('YAML holds the events of the JSON beside it', async () => {
    expect(await load('khi')).toMatchObject({ created: 4 });
    expect(await load('derived/khi-gke-logentries.ndjson', 'derived/khi-native.ndjson')).toMatchObject({
      created: 0,
      duplicate: 4,
      variant: 0,
    });
  });

  it('gitops-reverser, in YAML and JSON: ten events, and one without a level', async () => {
    expect(await load('gitops-reverser')).toMatchObject({ read: 11, created: 10, quarantined: 1, balanced: true });
  });
});
