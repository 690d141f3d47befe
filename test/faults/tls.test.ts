/** Servers that are not who they should be: N9 of the fault matrix. Nothing is sent to them, and a sentence says why. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { newAuthority } from '../support/certificates.ts';
import { kaudit, type Ran } from '../support/cli.ts';
import { freshNamespace } from '../support/cluster.ts';
import { type FakeElasticsearch, fakeElasticsearch, type Tls } from '../support/fake-elasticsearch.ts';
import { envOf, eventLines, expectExactly, expectFreshEventPasses, fakeTarget, ledgerOf } from '../support/oracle.ts';

const LINES = eventLines(20, 9);
const NAMESPACE = freshNamespace();
const ours = newAuthority('kaudit tests');
const others = newAuthority('somebody else');
const caFile = join(mkdtempSync(join(tmpdir(), 'kaudit-tls-')), 'ca.pem');
writeFileSync(caFile, ours.cert);

let fake: FakeElasticsearch;
afterEach(() => fake.close());

function loadFrom(url: string, ca: string): Promise<Ran> {
  return kaudit(['load', '-', '--namespace', NAMESPACE, '--json'], {
    env: { ELASTICSEARCH_URL: url, ELASTICSEARCH_CA_FILE: ca },
    input: LINES.join('\n'),
  });
}

describe('N9: a load, over TLS', () => {
  it('goes to a server whose certificate is right', async () => {
    fake = await fakeElasticsearch(ours.issue());
    const plain = fakeTarget(fake);
    const target = { ...plain, connection: { url: fake.url, caFile } };
    const ran = await kaudit(['load', '-', '--namespace', NAMESPACE, '--json'], {
      env: envOf(target),
      input: LINES.join('\n'),
    });
    expect(ran.code, ran.err).toBe(0);
    expect(ledgerOf(ran)).toMatchObject({ created: LINES.length });
    await expectExactly(target, NAMESPACE, LINES);
    await expectFreshEventPasses(target, NAMESPACE);
  });

  it.each<[string, Tls, string, RegExp]>([
    ['has expired', ours.issue({ expired: true }), caFile, /certificate .* is not trusted: .*expired/],
    [
      'is for another host',
      ours.issue({ host: 'elsewhere.example' }),
      caFile,
      /certificate .* is not trusted: .*altnames/,
    ],
    ['is by another authority', others.issue(), caFile, /certificate .* is not trusted/],
    ['is by an authority that nobody has named', ours.issue(), '', /certificate .* is not trusted/],
  ])('sends nothing when the certificate %s', async (_, tls, ca, message) => {
    fake = await fakeElasticsearch(tls);
    const ran = await loadFrom(fake.url, ca);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(message);
    expect(ran.err).not.toContain('    at ');
    expect(fake.requests).toEqual([]);
  });

  it('tells what to do about a certificate', async () => {
    fake = await fakeElasticsearch(ours.issue({ expired: true }));
    expect((await loadFrom(fake.url, caFile)).err).toContain('renewed');
    await fake.close();
    fake = await fakeElasticsearch(ours.issue({ host: 'elsewhere.example' }));
    expect((await loadFrom(fake.url, caFile)).err).toContain('another host');
    await fake.close();
    fake = await fakeElasticsearch(others.issue());
    expect((await loadFrom(fake.url, caFile)).err).toContain('ELASTICSEARCH_CA_FILE');
  });

  it('says that a port speaks plain HTTP', async () => {
    fake = await fakeElasticsearch();
    const ran = await loadFrom(fake.url.replace('http:', 'https:'), caFile);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('does not speak TLS');
    expect(ran.err).toContain('http://');
    expect(fake.requests).toEqual([]);
  });

  it('says that a port speaks TLS', async () => {
    fake = await fakeElasticsearch(ours.issue());
    const ran = await loadFrom(fake.url.replace('https:', 'http:'), '');
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/No answer from/);
    expect(fake.requests).toEqual([]);
  });

  it('says that a file of the authority holds no certificate', async () => {
    fake = await fakeElasticsearch(ours.issue());
    const empty = join(mkdtempSync(join(tmpdir(), 'kaudit-tls-')), 'ca.pem');
    writeFileSync(empty, 'nothing');
    const ran = await loadFrom(fake.url, empty);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(empty);
  });
});
