import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { countEvents, freshNamespace, loadInto, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { tarOf } from '../support/tar.ts';

let cluster: Cluster;
let namespace: string;
const used: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'kaudit-archives-'));

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
  used.push(namespace);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  for (const name of used) await removeNamespace(cluster, name);
});

function put(path: string, content: string | Buffer): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  return join(folder, path);
}

const log = (name: string, count: number): string =>
  Array.from({ length: count }, (_, at) => `${JSON.stringify(rawEvent({ auditID: `${name}-${at}` }))}\n`).join('');

/** What `oc adm must-gather -- gather_audit_logs` leaves. */
const mustGather: Readonly<Record<string, string | Buffer>> = {
  'must-gather/timestamp': '2026-03-02 00:00:00\n',
  'must-gather/audit_logs/kube-apiserver.audit_logs_listing': 'master-0 audit.log\n',
  'must-gather/audit_logs/kube-apiserver/master-0-audit.log.gz': gzipSync(log('kube', 30)),
  'must-gather/audit_logs/kube-apiserver/master-0-audit-2026-01-02T03-04-05.678.log.gz': gzipSync(log('rotated', 20)),
  'must-gather/audit_logs/openshift-apiserver/master-0-audit.log': log('openshift', 10),
};

describe('an archive', () => {
  it('may hold a file in several versions: each has its own line, and what they share is stored once', async () => {
    const versions = ['a.log', 'a.log (2)', 'a.log', 'a.log'].map((name, at): [string, string] => [
      name,
      log('grown', 3 + at),
    ]);
    const archive = put('appended.tar', await tarOf(versions));
    const { report } = await loadInto(cluster, namespace, [archive]);
    expect(report).toMatchObject({ created: 6, duplicate: 12, balanced: true });
    const names = ['a.log', 'a.log (2)', 'a.log (3)', 'a.log (4)'];
    expect(report.files.map(({ file }) => file)).toEqual(names.map((name) => `${archive}!${name}`));
    expect(await countEvents(cluster, namespace)).toBe(6);
  });

  it('is loaded without unpacking it, and the folder that it was made of adds nothing', async () => {
    const bundle = put('bundle.tar.gz', gzipSync(await tarOf(Object.entries(mustGather))));
    const packed = await loadInto(cluster, namespace, [bundle]);
    expect(packed).toMatchObject({ partial: false, report: { created: 60, duplicate: 0, skipped: 2, balanced: true } });
    expect(packed.report.files.map(({ file, created }) => [file.replace(`${folder}/`, ''), created])).toEqual(
      Object.keys(mustGather).map((path) => [`bundle.tar.gz!${path}`, createdOf(path)]),
    );
    for (const [path, content] of Object.entries(mustGather)) put(`extracted/${path}`, content);
    const extracted = await loadInto(cluster, namespace, [join(folder, 'extracted')]);
    expect(extracted).toMatchObject({ partial: false, report: { created: 0, duplicate: 60, balanced: true } });
    expect(await countEvents(cluster, namespace)).toBe(60);
  });

  it('that is cut off gives what it holds, and says that there was more', async () => {
    const tar = await tarOf([
      ['first.log', log('first', 20)],
      ['second.log', log('second', 20)],
    ]);
    const { partial, report } = await loadInto(cluster, namespace, [
      put('cut.tar', tar.subarray(0, tar.length - 5000)),
    ]);
    expect(partial).toBe(true);
    expect(report.balanced).toBe(true);
    expect(report.created).toBeGreaterThan(25);
    expect(report.files.map(({ file, reason }) => [file.replace(`${folder}/`, ''), reason])).toEqual([
      ['cut.tar!first.log', undefined],
      ['cut.tar!second.log', 'the tar archive is damaged: it is cut off'],
      ['cut.tar', 'the tar archive is damaged: it is cut off; what follows could not be read'],
    ]);
  });
});

describe('siblings', () => {
  it('that another file repeats are left out with a reason, and that is no failure', async () => {
    const plain = put('rotation/audit.log', log('live', 20));
    put('rotation/audit.log.gz', gzipSync(log('live', 20)).subarray(0, 200));
    put('rotation/copy.log.gz', gzipSync(log('live', 20)));
    const { partial, report } = await loadInto(cluster, namespace, [join(folder, 'rotation')]);
    expect(partial).toBe(false);
    expect(report).toMatchObject({ created: 20, duplicate: 0, skipped: 2, balanced: true });
    expect(report.files.map(({ reason }) => reason)).toEqual([
      undefined,
      `all that is in it is in ${plain}, which is read`,
      `the same content as ${plain}`,
    ]);
  });
});

function createdOf(path: string): number {
  if (path.includes('kube-apiserver/master-0-audit-')) return 20;
  if (path.includes('kube-apiserver/')) return 30;
  return path.includes('openshift-apiserver/') ? 10 : 0;
}
