import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Cluster, connect, readTemplate, setup } from '../../src/elastic/index.ts';
import { fieldTypes } from '../../src/query/index.ts';
import {
  type FaultyProxy,
  faultyProxy,
  freshNamespace,
  loadInto,
  removeNamespace,
  testCluster,
} from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { fieldOf } from '../support/field.ts';

/**
 * Fields that Elastic's prebuilt Kubernetes rules name (51 rules, read in 2026), with the families of types that they
 * are compared as.
 */
const RULE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  keyword: [
    'kubernetes.audit.objectRef.resource',
    'kubernetes.audit.objectRef.namespace',
    'kubernetes.audit.objectRef.subresource',
    'kubernetes.audit.objectRef.name',
    'kubernetes.audit.verb',
    'kubernetes.audit.annotations.authorization_k8s_io/decision',
    'kubernetes.audit.user.username',
    'kubernetes.audit.user.groups',
    'kubernetes.audit.user.extra.authentication.kubernetes.io/pod-name',
    'kubernetes.audit.impersonatedUser.username',
    'kubernetes.audit.impersonatedUser.groups',
    'kubernetes.audit.stage',
    'kubernetes.audit.level',
    'kubernetes.audit.requestURI',
    'kubernetes.audit.userAgent',
    'kubernetes.audit.responseStatus.message',
    'kubernetes.audit.requestObject.spec.containers.image',
    'kubernetes.audit.requestObject.spec.containers.securityContext.capabilities.add',
    'kubernetes.audit.requestObject.spec.serviceAccountName',
    'kubernetes.audit.requestObject.spec.type',
    'kubernetes.audit.requestObject.spec.volumes.hostPath.path',
    'kubernetes.audit.requestObject.rules.verbs',
    'kubernetes.audit.requestObject.rules.resources',
    'kubernetes.audit.responseObject.rules.verbs',
    'kubernetes.audit.responseObject.rules.resources',
    'kubernetes.audit.requestObject.roleRef.name',
    'data_stream.dataset',
    'data_stream.namespace',
    'event.dataset',
    'event.action',
    'event.original',
    'user.name',
    'user_agent.original',
  ],
  ip: ['kubernetes.audit.sourceIPs', 'source.ip'],
  integer: ['kubernetes.audit.responseStatus.code'],
  boolean: [
    'kubernetes.audit.requestObject.spec.containers.securityContext.privileged',
    'kubernetes.audit.requestObject.spec.hostPID',
    'kubernetes.audit.requestObject.spec.hostIPC',
    'kubernetes.audit.requestObject.spec.hostNetwork',
  ],
};

let cluster: Cluster;
let namespace = '';
let proxy: FaultyProxy | undefined;

beforeAll(async () => {
  cluster = await testCluster();
});
afterEach(async () => {
  proxy?.close();
  if (namespace !== '') await removeNamespace(cluster, namespace);
});

describe('the mapping', () => {
  it.each(Object.entries(RULE_FIELDS))("types the fields of Elastic's rules as %s", async (type, fields) => {
    namespace = freshNamespace();
    const index = `/kaudit-events-${namespace}-2026.01`;
    await setup(cluster);
    await cluster.ask('PUT', index);
    const caps = await cluster.ask(
      'GET',
      `${index}/_field_caps?fields=${fields.map(encodeURIComponent).join(',')}&filters=-metadata`,
    );
    for (const field of fields)
      expect([field, Object.keys((fieldOf(caps, 'fields', field) as object) ?? {})]).toEqual([field, [type]]);
  });

  it('has no alias that leads nowhere', () => {
    const { properties } = readTemplate().template.mappings;
    const names = [...fieldTypes(properties).keys()];
    expect(names).toContain('source.ip');
    for (const path of aliasesIn(properties)) expect(names.includes(path) || STORED_ONLY.has(path), path).toBe(true);
  });

  it('ignores what it does not know, and is strict about nothing that an event may hold', () => {
    expect(readTemplate().template.mappings).toMatchObject({ dynamic: false });
  });
});

/** Kept in the source, not searchable. */
const STORED_ONLY = new Set(['kind', 'kaudit.raw', 'kaudit.origin.offset']);

function aliasesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (fieldOf(value, 'type') === 'alias') return [String(fieldOf(value, 'path'))];
  return Object.values(value).flatMap(aliasesIn);
}

describe('setup', () => {
  it('can be run again and again', async () => {
    await setup(cluster);
    expect(await setup(cluster)).toBe('unchanged');
  });

  it('brings a mapping of the history of loads that is as strict as what is put there', async () => {
    await setup(cluster);
    const answer = await cluster.ask('POST', '/_index_template/_simulate_index/kaudit-loads');
    expect(fieldOf(answer, 'template', 'mappings', 'dynamic')).toBe('false');
    expect(fieldOf(answer, 'template', 'mappings', 'properties', 'coverage', 'properties', 'first')).toEqual({
      type: 'date',
    });
  });

  it('refuses to go back behind a newer version, and leaves a template of others alone', async () => {
    const server = inject('elasticsearch');
    for (const [meta, code] of [
      [{ managed_by: 'kaudit', version: 999 }, 'mapping-newer'],
      [{ owner: 'somebody' }, 'server-refused'],
    ] as const) {
      const body = JSON.stringify({ index_templates: [{ name: 'kaudit-events', index_template: { _meta: meta } }] });
      proxy = await faultyProxy(server.url, {
        before: (path) => (path.startsWith('/_index_template') ? { status: 200, body } : undefined),
      });
      await expect(setup(await connect({ ...server, url: proxy.url }))).rejects.toMatchObject({ code });
      proxy.close();
    }
  });

  it('brings new fields to an index that was made for fewer', async () => {
    namespace = freshNamespace();
    await loadInto(cluster, namespace, [JSON.stringify(rawEvent())]);
    const server = inject('elasticsearch');
    const old = { managed_by: 'kaudit', version: 1 };
    const body = JSON.stringify({ index_templates: [{ name: 'kaudit-events', index_template: { _meta: old } }] });
    proxy = await faultyProxy(server.url, {
      before: (path, sent) =>
        sent.length === 0 && path.startsWith('/_index_template/kaudit-events') ? { status: 200, body } : undefined,
    });
    const index = `/kaudit-events-${namespace}-*`;
    await cluster.ask('PUT', `${index}/_settings`, { 'index.mapping.total_fields.limit': 50 });
    expect(await setup(await connect({ ...server, url: proxy.url }))).toBe('updated');
    const { limit } = readTemplate().template.settings.index.mapping.total_fields ?? {};
    const settings = await cluster.ask('GET', `${index}/_settings?flat_settings=true`);
    expect(
      Object.values(settings as object).map((one) => fieldOf(one, 'settings', 'index.mapping.total_fields.limit')),
    ).toEqual([String(limit)]);
  });

  it('is done by a load where it was not', async () => {
    namespace = freshNamespace();
    await loadInto(cluster, namespace, []);
    expect(await setup(cluster)).toBe('unchanged');
  });
});
