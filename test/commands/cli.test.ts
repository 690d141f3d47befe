import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { CLI, kaudit, type RunOptions } from '../support/cli.ts';
import { countEvents, freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { fieldOf } from '../support/field.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-e2e-'));
const namespace = freshNamespace();
let cluster: Cluster;

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await removeNamespace(cluster, namespace);
});

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const line = (changes: { readonly [key: string]: unknown } = {}): string => `${JSON.stringify(rawEvent(changes))}\n`;

describe('kaudit load', () => {
  it('prints the ledger as one JSON object', async () => {
    const path = file('two.log', line() + line({ auditID: 'b' }));
    const { code, out, json } = await kaudit(['load', path, '--cluster', 'prod', '--namespace', namespace, '--json']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(json()).toEqual({
      ...{ read: 2, created: 2, duplicate: 0, variant: 0, quarantined: 0, skipped: 0, degraded: 0, balanced: true },
      files: [
        {
          file: path,
          read: 2,
          created: 2,
          duplicate: 0,
          variant: 0,
          quarantined: 0,
          skipped: 0,
          degraded: 0,
          balanced: true,
          reasons: [],
        },
      ],
      firstEvent: '2026-03-02T09:41:07.125Z',
      lastEvent: '2026-03-02T09:41:07.125Z',
      reasons: [],
      rejections: {},
      retries: {},
      coverage: {
        first: '2026-03-02T09:41:07.125Z',
        last: '2026-03-02T09:41:07.125Z',
        undated: 0,
        levels: { Metadata: 2 },
        stages: { ResponseComplete: 2 },
        clusters: { prod: 2 },
        gapLimitSeconds: 300,
        gapResolutionSeconds: 300,
        gapCount: 0,
        gapSeconds: 0,
        gaps: [],
        missingRotations: [],
      },
      seconds: expect.any(Number),
      bytes: Buffer.byteLength(readFileSync(path)),
    });
  });

  it('reads stdin, and says for people what it did', async () => {
    const { code, out } = await kaudit(['load', '-', '--namespace', namespace], { input: line({ auditID: 'stdin' }) });
    expect(code).toBe(0);
    expect(out).toContain('1 record of 1 file');
    expect(out).toContain('The ledger balances');
  });

  it('exits with 3 when something is quarantined, left out though named, or an empty folder', async () => {
    mkdirSync(join(folder, 'empty'));
    for (const path of [file('bad.log', `${line()}{"auditID":`), file('notes.txt', 'hello'), join(folder, 'empty')]) {
      expect([path, (await kaudit(['load', path, '--namespace', namespace])).code]).toEqual([path, 3]);
    }
  });

  it('has nothing to load where nothing is, and names what is missing beside others', async () => {
    const missing = join(folder, 'none.log');
    const { code, out, err } = await kaudit(['load', missing, '--namespace', namespace]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`Nothing to load: ${missing}: no such file or folder.`);
    const some = await kaudit(['load', missing, file('some.log', line()), '--namespace', namespace]);
    expect([some.code, some.out]).toEqual([3, expect.stringContaining('no such file or folder')]);
  });

  it('passes over what is no log in a folder', async () => {
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'logs', 'README'), 'hello');
    writeFileSync(join(folder, 'logs', 'audit.log'), line({ auditID: 'c' }));
    const load = () => kaudit(['load', join(folder, 'logs'), '--namespace', namespace]);
    expect((await load()).code).toBe(0);
    // JSON might be a log: it is left out as well, and the exit code says that something was.
    writeFileSync(join(folder, 'logs', 'package.json'), '{\n  "name": "kaudit"\n}\n');
    const { code, out } = await load();
    expect([code, out]).toEqual([3, expect.stringMatching(/package\.json\n +no audit event in it/)]);
    expect(out).not.toContain('quarantine');
  });

  it('says before it loads that a namespace has events of other clusters, and none of this one', async () => {
    const names = freshNamespace();
    const path = file('named.log', line({ auditID: 'named' }));
    const load = (...args: string[]) => kaudit(['load', path, '--namespace', names, ...args]);
    try {
      expect((await load('--cluster', 'chain')).err).not.toContain('Note');
      expect((await load('--cluster', 'chain')).err).not.toContain('Note');
      const forgotten = await load();
      expect(forgotten.err).toContain(`${names} holds events of chain, and none that were loaded without --cluster.`);
      expect((await load()).err).not.toContain('Note');
      const mistyped = await load('--cluster', 'chian');
      expect(mistyped.err).toContain('holds events of chain, no named cluster, and none of chian.');
    } finally {
      await removeNamespace(cluster, names);
    }
  });

  it('says what a namespace may be', async () => {
    const { code, err } = await kaudit(['load', file('x.log', line()), '--namespace', 'My-Logs']);
    expect([code, err]).toEqual([2, expect.stringContaining('lower-case')]);
  });

  describe('that is ended early', () => {
    const events = 100_000;
    const path = join(folder, 'large.log');
    beforeAll(async () => {
      expect((await kaudit(['simulate', '--events', String(events), '-o', path])).code).toBe(0);
    });

    /** Ends the load once its first events are stored. */
    const endedBy = (signal: NodeJS.Signals, name: string): RunOptions => ({
      during: async (kill) => {
        const stored = async (): Promise<number> => {
          await cluster.send({ method: 'POST', path: `/kaudit-events-${name}-*/_refresh` });
          return await countEvents(cluster, name).catch(() => 0);
        };
        while ((await stored()) === 0) await delay(50);
        kill(signal);
      },
    });

    it('finishes what is under way on Ctrl-C, and loses nothing for the next run', async () => {
      const name = freshNamespace();
      const load = ['load', path, '--namespace', name, '--json'];
      const first = await kaudit(load, endedBy('SIGINT', name));
      expect(first.code).toBe(130);
      expect(first.json()).toMatchObject({ balanced: true, files: [{ reason: 'interrupted: not read to its end' }] });
      expect((await kaudit(load)).json()).toMatchObject({
        read: events,
        duplicate: fieldOf(first.json(), 'created'),
        balanced: true,
      });
      expect(await countEvents(cluster, name)).toBe(events);
      await removeNamespace(cluster, name);
    });

    it('gives exactly the right index after being killed and run again', async () => {
      const name = freshNamespace();
      const load = ['load', path, '--namespace', name, '--json'];
      expect((await kaudit(load, endedBy('SIGKILL', name))).code).toBeNull();
      const { json } = await kaudit(load);
      expect(json()).toMatchObject({ read: events, variant: 0, balanced: true });
      expect(Number(fieldOf(json(), 'duplicate'))).toBeGreaterThan(0);
      expect(await countEvents(cluster, name)).toBe(events);
      await removeNamespace(cluster, name);
    });
  });
});

describe('kaudit query', () => {
  it('lists, shows and validates', async () => {
    expect((await kaudit(['query', 'list', '--json'])).json()).toContainEqual(
      expect.objectContaining({ id: 'secrets-read', severity: 'medium', category: 'credential-access' }),
    );
    expect((await kaudit(['query', 'show', 'secrets-read'])).out).toContain('Who read which secrets');
    expect((await kaudit(['query', 'validate'])).out).toMatch(/^\d+ valid \(.*\), 0 not valid/);
  });

  it('says what is wrong with a file', async () => {
    const path = file('mine.yml', 'id: mine\n');
    const { code, out } = await kaudit(['query', 'validate', path]);
    expect([code, out]).toEqual([2, expect.stringContaining('kind: ')]);
  });

  it('runs, and prints the contract', async () => {
    const { code, json } = await kaudit([
      'query',
      'run',
      'secrets-read',
      'impersonation',
      '--namespace',
      namespace,
      '--json',
    ]);
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      window: {},
      coverage: { requests: expect.any(Number), levels: { Metadata: expect.any(Number) }, clusters: { prod: 2 } },
      results: [
        {
          id: 'secrets-read',
          status: 'findings',
          severity: 'medium',
          groups: expect.arrayContaining([
            expect.objectContaining({
              by: expect.objectContaining({ 'kaudit.cluster': 'prod', 'kaudit.actor.name': 'alice@example.com' }),
            }),
          ]),
        },
        { id: 'impersonation', status: 'none', matches: 0, groups: [] },
      ],
    });
  });

  it('exits with 4 on findings at or above a severity', async () => {
    const run = ['query', 'run', 'secrets-read', '--namespace', namespace, '--fail-on'];
    expect((await kaudit([...run, 'medium'])).code).toBe(4);
    expect((await kaudit([...run, 'high'])).code).toBe(0);
  });

  it('exits with 4 whether or not anybody reads what it prints', async () => {
    const run = ['query', 'run', 'secrets-read', '--namespace', namespace, '--fail-on', 'medium'];
    expect(await kaudit(run, { unread: true })).toMatchObject({ code: 4, out: '', err: '' });
  });

  it('exits with 3 where silence means nothing: no events, or a question that the log cannot answer', async () => {
    const run = ['query', 'run', 'authentication-failures', 'impersonation', '--namespace', namespace, '--fail-on'];
    const none = await kaudit([...run, 'low', '--cluster', 'typo']);
    expect([none.code, none.err]).toEqual([3, expect.stringContaining('no events')]);
    const blind = await kaudit([...run, 'medium']);
    expect([blind.code, blind.err]).toEqual([3, expect.stringContaining('cannot tell for authentication-failures')]);
    expect((await kaudit([...run, 'high'])).code).toBe(0);
  });

  it('runs a category, with a window, a cluster and parameters', async () => {
    const run = ['query', 'run', '--category', 'credential-access', '--namespace', namespace, '--json'];
    const { json } = await kaudit([
      ...run,
      '--from',
      '2026-03-02',
      '--cluster',
      'prod',
      '--param',
      'exceptUsers=alice@example.com',
    ]);
    const { results } = json() as { readonly results: readonly { readonly id: string; readonly matches: number }[] };
    expect(results.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['authentication-failures', 'secret-read-burst', 'secrets-read']),
    );
    expect(results.find(({ id }) => id === 'secrets-read')).toMatchObject({ matches: 0 });
  });

  it.each([
    [['query', 'run'], 'Say what to run'],
    [['query', 'run', 'secret-read'], 'Did you mean'],
    [['query', 'run', '--category', 'whatever'], 'Categories:'],
    [['query', 'run', 'secrets-read', '--param', 'who=x'], 'kaudit query show'],
    [['query', 'run', 'secrets-read', '--param', 'exceptUsers'], 'name=value'],
    [['query', 'run', 'secrets-read', '--from', 'yesterday'], 'now-24h'],
    [['query', 'run', 'secrets-read', '--format', 'html'], 'Choices'],
    [['query'], 'Name what to do'],
    [['query', 'test', 'none'], 'no investigation none'],
  ])('explains %j', async (args, hint) => {
    const { code, out, err } = await kaudit(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(hint);
  });
});

describe('kaudit simulate', () => {
  it('writes a log, and its answer beside it', async () => {
    const path = join(folder, 'day.log');
    const { code } = await kaudit(['simulate', '--events', '2000', '--seed', '3', '--attack', 'ransom', '-o', path]);
    expect(code).toBe(0);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2000);
    expect(JSON.parse(readFileSync(`${path}.truth.json`, 'utf8'))).toMatchObject({
      kaudit: 1,
      events: 2000,
      mustFire: ['bulk-deletion', 'secrets-deleted'],
    });
  });

  it('ends quietly when its reader has seen enough', async () => {
    const child = spawn(`"${process.execPath}" "${CLI}" simulate -o - | head -1`, {
      shell: '/bin/sh',
      env: process.env,
    });
    let err = '';
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(err).toBe('');
  });

  it.each([
    [['simulate'], 'Say where to write'],
    [['simulate', '-o', '/none/such/folder/x.log'], 'cannot be written'],
    [['simulate', '--attack', 'heist', '-o', '-'], 'Storylines:'],
    [['simulate', '--events', '0.5', '-o', '-'], 'whole number'],
    [['simulate', '--start', 'soon', '-o', '-'], 'no time'],
  ])('explains %j', async (args, hint) => {
    const { code, err } = await kaudit(args);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(hint);
  });
});

describe('kaudit', () => {
  it('sends requests with the credentials of the cluster', async () => {
    expect((await kaudit(['api', 'GET', '/_cluster/health'])).json()).toHaveProperty('status');
    expect((await kaudit(['api', 'post', '_search', '--body', '{"size":0}'])).json()).toHaveProperty('hits');
    expect((await kaudit(['api', 'POST', '/_search', '--body', '-'], { input: '{"size":0}' })).json()).toHaveProperty(
      'hits',
    );
    // What a parser of JSON would change: a number of more digits than it holds, the order of keys, blanks.
    const body = '{ "query": { "match_none": {} }, "size": 0, "runtime_mappings": {} }';
    const index = `/kaudit-events-${namespace}-raw`;
    const exact = '{"9":1, "1":12345678901234567890}';
    await kaudit(['api', 'PUT', index]);
    await kaudit(['api', 'PUT', `${index}/_doc/1`, '--body', exact]);
    expect((await kaudit(['api', 'GET', `${index}/_source/1`])).out).toBe(`${exact}\n`);
    expect((await kaudit(['api', 'POST', `${index}/_search`, '--body', body])).json()).toHaveProperty('hits');
    const refused = await kaudit(['api', 'GET', '/none']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('status 404')]);
    expect((await kaudit(['api', 'FETCH', '/'])).code).toBe(2);
  });

  it('says which cluster it uses', async () => {
    const { url } = inject('elasticsearch');
    expect((await kaudit(['status', '--json'])).json()).toMatchObject({
      url,
      version: expect.any(String),
      kind: expect.any(String),
      pid: null,
    });
  });

  it('starts from nothing in an empty home', async () => {
    const none = { ELASTICSEARCH_URL: '' };
    expect(await kaudit(['status', '--json'], { env: none })).toMatchObject({
      code: 1,
      out: '{"url":null,"version":null,"kind":"embedded","pid":null}\n',
    });
    expect(await kaudit(['down'], { env: none })).toMatchObject({ code: 0, out: 'No embedded Elasticsearch runs.\n' });
  });

  it('prints what setup would send, and sends it', async () => {
    expect((await kaudit(['setup', '--print'])).json()).toMatchObject({
      index_patterns: ['kaudit-events-*', 'kaudit-variants-*'],
    });
    expect((await kaudit(['setup'])).code).toBe(0);
  });

  it.each([
    [{ ELASTICSEARCH_URL: 'http://127.0.0.1:1' }, 'No answer from http://127.0.0.1:1'],
    [{ ELASTICSEARCH_PASSWORD: 'wrong' }, 'does not accept these credentials'],
    [{ ELASTICSEARCH_URL: 'localhost:9200' }, 'no protocol that Elasticsearch speaks'],
  ])('says in a sentence what is wrong with %j', async (env, message) => {
    const { code, err, out } = await kaudit(['query', 'run', '--all'], { env });
    expect(code).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).not.toContain('    at ');
  });

  it.each([[['laod']], [['load']], [['load', 'x', '--clutser', 'y']], [[]]])('explains %j', async (args) => {
    const { code, err } = await kaudit(args);
    expect(code).toBe(2);
    expect(err).toContain('kaudit --help');
  });

  it.each([
    [['load', 'x', '--cluster'], '--cluster'],
    [['load', 'x', '--namespace', '--json'], '--namespace'],
    [['query', 'run', 'secrets-read', '--cluster', '--format', 'csv'], '--cluster'],
    [['simulate', '--attack', '-o', '-'], '--attack'],
    [['api', 'GET', '/', '--body'], '--body'],
  ])('takes no option without its value: %j', async (args, option) => {
    const { code, out, err } = await kaudit(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`${option} needs a value`);
  });

  it('has a help text of 80 columns for every command', async () => {
    for (const command of [
      [],
      ['load'],
      ['replay'],
      ['query'],
      ['query', 'run'],
      ['simulate'],
      ['setup'],
      ['up'],
      ['down'],
      ['status'],
      ['api'],
      ['quickstart'],
    ]) {
      const { code, out } = await kaudit([...command, '--help']);
      expect(code).toBe(0);
      for (const text of out.split('\n')) expect([text, text.length <= 80]).toEqual([text, true]);
    }
  });
});
