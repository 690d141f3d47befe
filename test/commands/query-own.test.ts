/** What users bring and take: files, folders, skeletons, rules of other systems. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SHIPPED } from '../../src/query/index.ts';
import { kaudit } from '../support/cli.ts';
import { rawEvent } from '../support/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

const home = (): string => mkdtempSync(join(folder, 'h-'));

/** A copy of a shipped file, changed, in a folder of its own. */
function own(name: string, change: (source: string) => string = (source) => source): string {
  const path = join(home(), 'secrets-deleted.yml');
  writeFileSync(path, change(readFileSync(join(SHIPPED, name), 'utf8')));
  return path;
}

describe('kaudit query with files of the user', () => {
  it('runs a file, saying which shipped one it overrides', async () => {
    const file = own('impact/secrets-deleted.yml', (source) => source.replace(/^title: .*/m, 'title: Mine'));
    const { code, json, err } = await kaudit(['query', 'run', file, '--json', '--namespace', 'none']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ results: [{ id: 'secrets-deleted', title: 'Mine', status: 'not-observable' }] });
    expect(err).toContain(`secrets-deleted: ${file} overrides ${join(SHIPPED, 'impact/secrets-deleted.yml')}`);
  });

  it('runs one without scenarios, and says that it is not tested', async () => {
    const file = own(
      'impact/secrets-deleted.yml',
      (source) => `${source.slice(0, source.indexOf('scenarios:'))}scenarios: []\n`,
    );
    const { code, err } = await kaudit(['query', 'run', file, '--namespace', 'none']);
    expect([code, err]).toEqual([0, expect.stringContaining('secrets-deleted has no scenarios')]);
    expect((await kaudit(['query', 'test', file])).code).toBe(2);
    const { out } = await kaudit(['query', 'validate', file]);
    expect(out).toContain('scenarios: 0 that match and 0 that do not');
  });

  it('says that a file is not there, or is a Sigma rule', async () => {
    const missing = join(folder, 'missing.yml');
    expect((await kaudit(['query', 'run', missing])).err).toContain(`There is no file or folder ${missing}.`);
    const { out } = await kaudit(['query', 'export', 'sigma', 'impersonation']);
    const rule = own('impact/secrets-deleted.yml', () => out);
    expect((await kaudit(['query', 'validate', rule])).out).toContain('kaudit query import sigma');
  });

  it('says where a file is not valid', async () => {
    const file = own('impact/secrets-deleted.yml', (source) => source.replace('severity: medium', 'severity: urgent'));
    const { code, out } = await kaudit(['query', 'validate', file]);
    const [head] = out.split('\n');
    expect([code, head]).toEqual([2, expect.stringContaining(`${file}:5: severity: `)]);
    expect(out).toContain('0 valid, 1 not valid');
    expect((await kaudit(['query', 'run', file])).code).toBe(2);
  });

  it('validates the files of a folder', async () => {
    const queries = home();
    writeFileSync(join(queries, 'bad.yml'), 'kind: none\n');
    const { code, out } = await kaudit(['query', 'validate', queries]);
    expect([code, out]).toEqual([2, expect.stringContaining('0 valid, 1 not valid')]);
  });

  it('validates files together: titles, packs, scenarios', async () => {
    const queries = home();
    mkdirSync(join(queries, 'packs'));
    writeFileSync(
      join(queries, 'packs/mine.yml'),
      'id: mine\ntitle: Mine\nabout: What I run\ninvestigations: [secrets-read, gone]\n',
    );
    const { code, out } = await kaudit(['query', 'validate', '--queries', queries]);
    expect(code).toBe(2);
    expect(out).toContain(`${join(queries, 'packs/mine.yml')}:4: investigations: gone names no investigation`);
  });

  it('takes packs of the user', async () => {
    const queries = home();
    mkdirSync(join(queries, 'packs'));
    writeFileSync(
      join(queries, 'packs/mine.yml'),
      'id: mine\ntitle: Mine\nabout: What I run\ninvestigations: [impact/*]\n',
    );
    const { json } = await kaudit(['query', 'list', '--pack', 'mine', '--json', '--queries', queries]);
    const list = json() as readonly { id: string; packs: readonly string[] }[];
    const files = readdirSync(join(SHIPPED, 'impact')).map((file) => parse(file).name);
    expect(list.map(({ id }) => id)).toEqual(files.sort());
    expect(list[0]?.packs).toContain('mine');
  });
});

describe('kaudit query new', () => {
  it('writes an investigation that is valid and passes its scenarios', async () => {
    const queries = home();
    const { code, out } = await kaudit(['query', 'new', 'configmaps-gone', '--folder', queries]);
    const file = join(queries, 'configmaps-gone.yml');
    expect([code, out]).toEqual([0, `${file}\n`]);
    expect((await kaudit(['query', 'validate', '--server', file])).out).toBe('1 valid, 0 not valid\n');
    expect((await kaudit(['query', 'test', file])).out).toContain('4 scenarios passed, 0 failed');
    const again = await kaudit(['query', 'new', 'configmaps-gone', '--folder', queries]);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is there already')]);
  });

  it('refuses what cannot be an id, and a folder that is not there', async () => {
    expect((await kaudit(['query', 'new', '../mine'])).code).toBe(2);
    expect((await kaudit(['query', 'new', 'mine', '--folder', join(folder, 'none')])).code).toBe(1);
  });
});

describe('kaudit query show', () => {
  it('prints the file and, as comments, the parameters with their types', async () => {
    const { out } = await kaudit(['query', 'show', 'authentication-failures']);
    expect(out).toContain(
      readFileSync(join(SHIPPED, 'credential-access/authentication-failures.yml'), 'utf8').trimEnd(),
    );
    expect(out).toContain('# --param exceptSources=IP\n#     leaves out these values of kaudit.source.ip');
  });

  it('prints a command that a shell runs, with the parameters and the window in it', async () => {
    const args = ['--param', "exceptUsers=it's $(me)", '--from', '2026-03-01', '--namespace', 'none'];
    const { out } = await kaudit(['query', 'show', 'secrets-read', '--curl', ...args]);
    expect(out).toContain('"$ELASTICSEARCH_URL/logs-kubernetes.audit_logs-none/_search?');
    const body: unknown = JSON.parse(out.slice(out.indexOf("<<'JSON'\n") + 9, out.lastIndexOf('JSON\n')));
    expect(JSON.stringify(body)).toContain(`{"terms":{"kaudit.actor.name":["it's $(me)"]}}`);
    expect(JSON.stringify(body)).toContain('{"gte":"2026-03-01T00:00:00.000Z"}');
  });

  it('prints a link to Discover with the same question', async () => {
    const env = { KIBANA_URL: 'https://kibana.example.com/' };
    const { out } = await kaudit(['query', 'show', 'impersonation', '--kibana', '--to', '2026-03-02'], { env });
    const link = new URL(out);
    expect([link.origin, link.pathname, link.searchParams.get('l')]).toEqual([
      'https://kibana.example.com',
      '/app/r',
      'DISCOVER_APP_LOCATOR',
    ]);
    expect(JSON.parse(link.searchParams.get('p') ?? '')).toMatchObject({
      dataViewSpec: { title: 'logs-kubernetes.audit_logs-default', timeFieldName: '@timestamp' },
      query: { language: 'kuery', query: 'kaudit.terminal: true and (kaudit.actor.impersonator: *)' },
      timeRange: { to: '2026-03-02T00:00:00.000Z' },
    });
  });

  it('refuses a parameter that is not of its type, or of no investigation', async () => {
    const wrong = await kaudit(['query', 'show', 'authentication-failures', '--dsl', '--param', 'exceptSources=me']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('is "me", which is no ip')]);
    const unknown = await kaudit(['query', 'show', 'authentication-failures', '--dsl', '--param', 'users=me']);
    expect(unknown.code).toBe(2);
  });
});

describe('kaudit query --noise', () => {
  const hiding = async (...flags: readonly string[]): Promise<readonly string[]> => {
    const { out } = await kaudit(['query', 'show', 'secrets-read', '--dsl', ...flags]);
    return ['control-plane', 'kaudit.actor.type: node and user.groups', 'token-cleaner'].filter((sign) =>
      out.includes(sign),
    );
  };

  it('uses all sets, one, or none', async () => {
    expect(await hiding()).toHaveLength(3);
    expect(await hiding('--noise', 'nodes')).toEqual(['kaudit.actor.type: node and user.groups']);
    expect(await hiding('--no-noise')).toEqual([]);
  });

  it('names the sets that there are', async () => {
    const { code, err } = await kaudit(['query', 'run', 'secrets-read', '--noise', 'knots']);
    expect([code, err]).toEqual([2, expect.stringContaining('nodes')]);
  });
});

describe('kaudit query explain', () => {
  it('explains the events of a file, and leaves nothing behind', async () => {
    const file = join(home(), 'events.json');
    const objectRef = { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' };
    const mark = randomUUID();
    const events = ['get', 'update'].map((verb) => JSON.stringify(rawEvent({ auditID: mark, verb, objectRef })));
    writeFileSync(file, events.join('\n'));
    const { code, out } = await kaudit(['query', 'explain', 'secrets-read', '--event', file]);
    expect(code).toBe(0);
    expect(out).toContain('secrets-read reports it');
    expect(out).toContain('no       verb: get   (it has update)');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const fromStdin = ['query', 'explain', 'secrets-read', '--event', '-', '--json'];
    const { json } = await kaudit(fromStdin, { input: events.join('\n') });
    expect(json()).toMatchObject({ id: 'secrets-read', events: [{ explanation: {} }, { explanation: {} }] });
    // Other tests have namespaces like this at the same time: the event itself must be in none.
    const query = JSON.stringify({ query: { term: { auditID: mark } } });
    const path = '/kaudit-events-scenarios_*/_count?ignore_unavailable=true';
    expect((await kaudit(['api', 'POST', path, '--body', query])).json()).toMatchObject({ count: 0 });
  });

  it('says what it takes where one event makes no finding', async () => {
    const file = join(home(), 'event.json');
    writeFileSync(file, JSON.stringify(rawEvent({ auditID: 'a', verb: 'delete' })));
    const { out } = await kaudit(['query', 'explain', 'bulk-deletion', '--event', file]);
    expect(out).toContain('bulk-deletion counts it; 20 within 10m make a finding');
  });

  it('says why there is nothing to explain', async () => {
    const file = join(home(), 'no-event.json');
    writeFileSync(file, '{"kind":"Pod"}\n');
    const { code, err } = await kaudit(['query', 'explain', 'secrets-read', '--event', file]);
    expect([code, err]).toEqual([2, expect.stringContaining('There is no audit event in')]);
    expect(err).toContain('It holds something else.');
    const args = ['query', 'explain', 'secrets-read', '--event', join(folder, 'missing.json')];
    // Before it asks for a server.
    const missing = await kaudit(args, { env: { ELASTICSEARCH_URL: 'http://127.0.0.1:9' } });
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('no such file or folder')]);
  });

  it('keeps nothing of what is no event', async () => {
    const [events, temporary] = [home(), home()];
    writeFileSync(join(events, 'audit.log'), `${JSON.stringify(rawEvent({ auditID: 'a' }))}\n{"no": "event"}\n`);
    writeFileSync(join(events, 'pod.json'), '{"kind":"Pod"}\n');
    const env = { TMPDIR: temporary };
    const explain = (name: string) =>
      kaudit(['query', 'explain', 'secrets-read', '--event', join(events, name)], { env });
    expect((await explain('audit.log')).err).toContain('1 not-an-event');
    expect((await explain('pod.json')).code).toBe(2);
    expect(readdirSync(temporary).filter((name) => name.startsWith('kaudit-explain-'))).toEqual([]);
  });
});

describe('kaudit query import and export', () => {
  it('writes a Sigma rule as a file that says what is missing', async () => {
    const queries = home();
    const { code: exported, out: rule } = await kaudit(['query', 'export', 'sigma', 'impersonation']);
    expect(exported).toBe(0);
    writeFileSync(join(queries, 'rule.yml'), rule);
    const { code, out, err } = await kaudit([
      'query',
      'import',
      'sigma',
      join(queries, 'rule.yml'),
      '--folder',
      queries,
    ]);
    expect([code, out]).toEqual([0, `${join(queries, 'impersonation.yml')}\n`]);
    expect(err).toContain('not valid before');
    const validated = await kaudit(['query', 'validate', join(queries, 'impersonation.yml')]);
    expect([validated.code, validated.out]).toEqual([
      2,
      expect.stringMatching(/impersonation\.yml:\d+: scenarios: 0 that match/),
    ]);
  });

  it('tags a rule with a tactic only where its folder is one', async () => {
    const { out: shipped } = await kaudit(['query', 'export', 'sigma', 'impersonation']);
    expect(shipped).toContain('- attack.privilege-escalation\n');
    const file = own('impact/secrets-deleted.yml');
    const { out } = await kaudit(['query', 'export', 'sigma', file]);
    expect(out.match(/attack\.\S+/g)).toEqual(['attack.t1485']);
  });

  it('refuses with a reason', async () => {
    const { code, out, err } = await kaudit(['query', 'export', 'sigma', 'bulk-deletion']);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('its kind is threshold')]);
    const file = own('impact/secrets-deleted.yml');
    expect((await kaudit(['query', 'import', 'sigma', file])).code).toBe(2);
  });

  it('prints a rule for Elastic of one line', async () => {
    const { out } = await kaudit(['query', 'export', 'elastic-rule', 'secrets-read', '--param', 'exceptUsers=vault']);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({
      type: 'query',
      query: expect.stringContaining('not kaudit.actor.name: "vault"'),
    });
  });
});
