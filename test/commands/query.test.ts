import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHIPPED } from '../../src/query/index.ts';
import { kaudit } from '../support/cli.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-own-queries-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with one investigation of the user's own. */
function own(id: string, change: (source: string) => string): string {
  const home = mkdtempSync(join(folder, 'q-'));
  mkdirSync(join(home, 'impact'));
  const source = readFileSync(join(SHIPPED, 'impact/secrets-deleted.yml'), 'utf8')
    .replace(/^id: .*/m, `id: ${id}`)
    .replace(/^title: .*/m, `title: ${id}`);
  writeFileSync(join(home, 'impact', `${id}.yml`), change(source));
  return home;
}

describe('kaudit query show', () => {
  it('prints the search that the server gets', async () => {
    const { code, json } = await kaudit(['query', 'show', 'exec-into-pod', '--dsl']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ size: 0, track_total_hits: true, aggs: { groups: { composite: { size: 1000 } } } });
  });

  it('says in words that its argument is missing', async () => {
    const { code, err } = await kaudit(['query', 'show']);
    expect([code, err]).toEqual([2, expect.stringContaining('An argument is missing.')]);
  });

  it('prints a command that names the way without credentials', async () => {
    const { out } = await kaudit(['query', 'show', 'secrets-read', '--curl']);
    const [command = ''] = /kaudit query show secrets-read --dsl .*/.exec(out) ?? [];
    expect(command).toMatch(/ \| kaudit api POST '\/logs-kubernetes\.audit_logs-default\/_search\?.*' --body -$/);
  });

  it('names what is near an id that is not there', async () => {
    const { code, err } = await kaudit(['query', 'show', 'secret-read']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean secrets-read')]);
  });
});

describe('kaudit query run', () => {
  const namespace = freshNamespace();
  beforeAll(async () => {
    const objectRef = { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' };
    const input = JSON.stringify(rawEvent({ auditID: 'a', verb: 'get', objectRef }));
    await kaudit(['load', '-', '--cluster', 'demo', '--namespace', namespace], { input });
  });
  afterAll(async () => removeNamespace(await testCluster(), namespace));

  it('asks the same again with what it names as next', async () => {
    const args = ['--namespace', namespace, '--param', "exceptUsers=it's me", '--no-noise'];
    const { out } = await kaudit(['query', 'run', 'secrets-read', 'bulk-deletion', ...args]);
    expect(out).toContain("PARAMETERS  exceptUsers=it's me\n");
    expect(out).toContain(
      `next: kaudit query run secrets-read --namespace ${namespace} --param 'exceptUsers=it'\\''s me' --no-noise\n`,
    );
  });

  it('lists as many groups as it is told to, and says where there are more', async () => {
    const events = ['alice', 'bob'].map((username) => {
      const objectRef = { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' };
      return JSON.stringify(rawEvent({ auditID: username, user: { username }, verb: 'get', objectRef }));
    });
    await kaudit(['load', '-', '--cluster', 'limits', '--namespace', namespace], { input: events.join('\n') });
    const args = ['query', 'run', 'secrets-read', '--namespace', namespace, '--cluster', 'limits', '--limit'];
    const one = await kaudit([...args, '1']);
    expect(one.out).toContain('and 1 more group (--limit lists more)');
    expect((await kaudit([...args, '2'])).out).not.toContain('more group');
    const csv = await kaudit([...args, '1', '--format', 'csv']);
    expect(csv.err).toContain('There are more groups of secrets-read: --limit lists them.');
  });

  it('names where there are events, where it finds none', async () => {
    const { out } = await kaudit(['query', 'run', 'secrets-read', '--namespace', namespace, '--cluster', 'prod']);
    expect(out).toMatch(new RegExp(`^${namespace} .* 1 +demo$`, 'm'));
    const { json } = await kaudit(['query', 'run', 'secrets-read', '--namespace', 'none', '--json']);
    expect(json()).toMatchObject({
      elsewhere: expect.arrayContaining([expect.objectContaining({ namespace, cluster: 'demo', events: 1 })]),
    });
  });

  it.each([
    ['an id that is not there, beside --all', ['nosuch', '--all'], 'There is no investigation nosuch'],
    ['a pack', ['--pack', 'triag'], 'Did you mean triage?'],
    ['a category', ['--category', 'impac'], 'Did you mean impact?'],
    ['a parameter', ['secrets-read', '--param', 'exceptUser=a'], 'Did you mean exceptUsers?'],
    ['a noise set', ['secrets-read', '--noise', 'node'], 'Did you mean nodes?'],
    [
      'an option of one value twice',
      ['secrets-read', '--cluster', 'a', '--cluster', 'b'],
      '--cluster is given more than',
    ],
  ])('refuses %s', async (_, args, says) => {
    const { code, err } = await kaudit(['query', 'run', ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(says)]);
  });
});

describe('kaudit query test', () => {
  it('runs the scenarios of an investigation of the user, named after its folder', async () => {
    const home = own('mine', (source) => source);
    const { code, out } = await kaudit(['query', 'test', '--queries', home, 'mine']);
    expect(code).toBe(0);
    expect(out).toMatch(/^mine\n/);
    expect(out).toContain('7 scenarios passed, 0 failed');
  });

  it('exits with 1, saying what was expected and what came', async () => {
    const home = own('mutant', (source) => source.replace('kaudit.action: delete', 'kaudit.action: write'));
    const { code, out } = await kaudit(['query', 'test', '--queries', home, 'mutant']);
    expect(code).toBe(1);
    expect(out).toContain('FAILED sees a secret that is deleted');
    expect(out).toContain('expected 1 requests, got 0');
  });
});

describe('kaudit query validate --server', () => {
  it('asks the server about every KQL that is shipped', async () => {
    const { code, out } = await kaudit(['query', 'validate', '--server']);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^\d+ valid \(\d+ investigations, \d+ packs, \d+ noise sets\), 0 not valid\n$/),
    ]);
  });

  it('takes a range of time', async () => {
    const home = own('recent', (source) => source.replace('kaudit.action: delete', '@timestamp > now-1d'));
    expect((await kaudit(['query', 'validate', '--server', '--queries', home])).code).toBe(0);
  });

  it('finds what only the server knows', async () => {
    const home = own('dated', (source) => source.replace('kaudit.action: delete', '@timestamp > someday'));
    const { code, out } = await kaudit(['query', 'validate', '--server', '--queries', home]);
    expect(code).toBe(2);
    expect(out).toContain('match: the server refuses it');
  });
});
