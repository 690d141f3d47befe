/** What is exported must select the same events: a real server tells, over the events of every scenario. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { eventsAlias, eventsIndex } from '../../../src/audit/indices.ts';
import { loadLines } from '../../../src/commands/load-lines.ts';
import { type Cluster, readTemplate } from '../../../src/elastic/index.ts';
import {
  askServer,
  exportElasticRule,
  exportSigma,
  fieldTypes,
  type Investigation,
  importSigma,
  readLibrary,
  type Scope,
  SHIPPED,
  scenarioCases,
} from '../../../src/query/index.ts';
import { parseKql } from '../../../src/query/kql.ts';
import { kql, matchQuery, reportedQuery } from '../../../src/query/scope.ts';
import { SAID_RAW } from '../../../src/query/sigma/raw.ts';
import { isObject } from '../../../src/shared/json.ts';
import { freshNamespace, removeNamespace, testCluster } from '../../support/cluster.ts';
import { rawEvent } from '../../support/events.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const library = readLibrary([SHIPPED], fields);
const { investigations } = library;
const namespace = freshNamespace();
const scope: Scope = { window: {}, parameters: {}, noise: library.noise, useNoise: true };
let cluster: Cluster;

beforeAll(async () => {
  cluster = await testCluster();
  const cases = scenarioCases(investigations.map(({ definition }) => definition));
  const lines = cases.flatMap(({ cluster: name, lines: texts }) => texts.map((line) => ({ cluster: name, line })));
  await loadLines(cluster, { namespace, lines });
});
afterAll(() => removeNamespace(cluster, namespace));

async function count(query: object): Promise<number> {
  const answer = await cluster.ask('POST', `/${eventsAlias(namespace)}/_count`, { query });
  return isObject(answer) ? Number(answer['count']) : Number.NaN;
}

/** Events that one query selects and the other does not. */
async function difference(one: object, other: object): Promise<number> {
  const only = (a: object, b: object): Promise<number> => count({ bool: { filter: [a], must_not: [b] } });
  return (await only(one, other)) + (await only(other, one));
}

function shipped(id: string): Investigation {
  const found = investigations.find(({ definition }) => definition.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

describe('facts in the words of the audit log', () => {
  it.each(Object.entries(SAID_RAW))('%s', async (fact, raw) => {
    expect(parseKql(raw, fields)).toBeDefined();
    expect(await count(kql(fact))).toBeGreaterThan(0);
    expect(await difference(kql(fact), kql(raw))).toBe(0);
  });
});

describe('exportSigma', () => {
  it.each([
    'exec-into-pod',
    'impersonation',
    'namespace-deleted',
    'secrets-deleted',
    'secret-list-cluster-wide',
    'service-account-token-created',
  ])('%s comes back from Sigma selecting the same events', async (id) => {
    const { text } = exportSigma(shipped(id), fields, scope);
    const { match } = parse(importSigma(text, `${id}.yml`, fields).source) as { match: string };
    const { definition } = shipped(id);
    // A rule cannot tell dry runs.
    const asked = { ...definition, noise: [], match: definition.match.replace('and not kaudit.dry_run: true', '') };
    const wanted = matchQuery(asked, scope);
    expect(await count(wanted)).toBeGreaterThan(0);
    expect(await difference(wanted, kql(match))).toBe(0);
  });

  it('is a rule about the audit log, with an id that stays', () => {
    const rule = parse(exportSigma(shipped('exec-into-pod'), fields, scope).text);
    expect(rule).toMatchObject({
      title: 'Exec or attach into a pod',
      level: 'medium',
      tags: ['attack.execution', 'attack.t1609'],
      logsource: { product: 'kubernetes', service: 'audit' },
      detection: { condition: 'selection_1 and selection_2 and selection_3 and selection_4 and not selection_5' },
    });
    expect(rule).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
    });
  });

  it('asks for what a parameter names', async () => {
    const traced = { ...scope, parameters: { requests: ['trace-me'] } };
    const { text, notes } = exportSigma(shipped('request-trace'), fields, traced);
    const { match } = parse(importSigma(text, 'rule.yml', fields).source) as { match: string };
    const wanted = matchQuery(shipped('request-trace').definition, traced);
    expect(await count(wanted)).toBeGreaterThan(0);
    expect(await difference(wanted, kql(match))).toBe(0);
    expect(notes).toContain('that a request logged at several stages is one: each of its events alerts');
  });

  it('says what the rule does not hold', () => {
    expect(exportSigma(shipped('secrets-deleted'), fields, scope).notes).toEqual([
      'dry runs are reported, too',
      'the noise set cleanup-controllers hides nothing there',
      'the noise set control-plane hides nothing there',
    ]);
  });

  it.each([
    ['bulk-deletion', 'its kind is threshold'],
    ['cluster-admin-bound', 'a fact that the audit log does not spell out'],
    ['request-trace', 'it is about one thing, which --param requests names'],
    ['latency-by-client', 'a rule has no bounds for'],
  ])('refuses %s', (id, why) => {
    expect(() => exportSigma(shipped(id), fields, scope)).toThrow(why);
  });
});

describe('a pattern that is imported', () => {
  it('is taken by the server, whatever characters are in it, and finds what it is made of', async () => {
    const odd = [
      'a~b',
      'a#b',
      'a&b',
      'a;b',
      'a$b',
      'a+b',
      'a%2Fb',
      'a@b',
      'a-b',
      '-a',
      'a:b',
      'a(b)',
      'a<b',
      'a{b',
      'or',
    ];
    for (const value of odd) {
      const rule = {
        title: 't',
        logsource: { product: 'kubernetes' },
        detection: { s: { 'requestURI|contains': value }, condition: 's' },
      };
      const { match } = parse(importSigma(JSON.stringify(rule), 'rule.yml', fields).source) as { match: string };
      expect([match, await askServer(cluster.ask, eventsIndex(namespace, '2026.03'), match)]).toEqual([
        match,
        undefined,
      ]);
      const event = rawEvent({ auditID: value, requestURI: `/api/v1/pods?x=${value}`, stage: 'Panic' });
      await loadLines(cluster, { namespace, lines: [{ cluster: 'odd', line: JSON.stringify(event) }] });
      expect([value, await count({ bool: { filter: [kql(match), { term: { auditID: value } }] } })]).toEqual([
        value,
        1,
      ]);
    }
  });
});

/** Without bounds on groups, and about nothing in particular. */
function fitsRule({ definition: { kind, group, parameters } }: Investigation): boolean {
  return kind === 'events' && group.having === undefined && !Object.values(parameters).some(({ required }) => required);
}

describe('exportElasticRule', () => {
  it.each(investigations.filter(fitsRule).map((one) => one.definition.id))('%s reports the same events', async (id) => {
    const rule: unknown = JSON.parse(exportElasticRule(shipped(id), scope, namespace).text);
    const query = isObject(rule) ? String(rule['query']) : '';
    const wanted = reportedQuery(shipped(id).definition, scope);
    expect(await count(wanted)).toBeGreaterThan(0);
    expect(await difference(wanted, kql(query))).toBe(0);
  });

  it('keeps parameters as values, whatever is in them', async () => {
    const parameters = { exceptUsers: ['a" or verb: "b', 'back\\slash', 'alice@example.com'] };
    const narrowed = { ...scope, parameters, cluster: 'secrets-read/1' };
    const rule: unknown = JSON.parse(exportElasticRule(shipped('secrets-read'), narrowed, namespace).text);
    const query = isObject(rule) ? String(rule['query']) : '';
    expect(await difference(reportedQuery(shipped('secrets-read').definition, narrowed), kql(query))).toBe(0);
  });

  it.each([
    ['token-used-off-pod', 'a rule has no bounds for addresses (group.having)'],
    ['noisy-clients', 'a rule has no bounds for'],
    ['object-history', 'it is about one thing, which --param objects names'],
  ])('refuses %s, of which it would report too much', (id, why) => {
    expect(() => exportElasticRule(shipped(id), scope, 'default')).toThrow(why);
  });

  it('is about the one thing that a parameter names', () => {
    const named = { ...scope, parameters: { objects: ['prod/api'] } };
    expect(exportElasticRule(shipped('object-history'), named, 'default').text).toContain(
      JSON.stringify('kaudit.object: "prod/api"').slice(1, -1),
    );
  });

  it('looks at all that was loaded since the run before, whenever it happened', () => {
    const ruleOf = (id: string): unknown => JSON.parse(exportElasticRule(shipped(id), scope, 'default').text);
    const dated = { timestamp_override: 'kaudit.ingested' };
    expect(ruleOf('multi-resource-recon')).toMatchObject({ ...dated, interval: '10m', from: 'now-1200s' });
    expect(ruleOf('secrets-read')).toMatchObject({ ...dated, interval: '15m', from: 'now-3600s' });
    const { definition, ...rest } = shipped('requests-forbidden');
    const rare = { ...rest, definition: { ...definition, schedule: { every: '6h', lookback: '6h' } } };
    expect(JSON.parse(exportElasticRule(rare, scope, 'default').text)).toMatchObject({ from: 'now-25200s' });
    expect(fields.get('kaudit.ingested')).toBe('date');
  });

  it('says what the rule does not hold', () => {
    const dated = { ...scope, window: { from: '2026-03-02T00:00:00.000Z' } };
    expect(exportElasticRule(shipped('privileged-pod-created'), dated, 'default').notes).toEqual([
      'the window: a rule looks at what is new',
      'that nothing can be seen of requests logged below Request',
      'groups: each event alerts by itself',
      expect.stringMatching(/^what a load brings that takes longer than \d+[mh]: /),
    ]);
    expect(exportElasticRule(shipped('requests-forbidden'), scope, 'default').notes).toContain(
      'requests without kaudit.actor.name: Elastic counts none of them',
    );
  });

  it('is a threshold rule where that says the same', () => {
    expect(JSON.parse(exportElasticRule(shipped('requests-forbidden'), scope, 'default').text)).toMatchObject({
      rule_id: 'kaudit-requests-forbidden',
      type: 'threshold',
      threshold: { field: ['kaudit.actor.name'], value: 20 },
      index: ['logs-kubernetes.audit_logs-default'],
      severity: 'medium',
      enabled: false,
    });
    expect(() => exportElasticRule(shipped('bulk-deletion'), scope, 'default')).toThrow('counts every event as one');
  });
});
