/**
 * Queries in the forms of Elastic's prebuilt Kubernetes rules (query, new terms, threshold), over the names that those
 * rules use: they find on our index what they find on one of Elastic's integration.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsAlias } from '../../src/audit/indices.ts';
import { loadLines } from '../../src/commands/load-lines.ts';
import type { Cluster } from '../../src/elastic/index.ts';
import { isObject, type JsonObject } from '../../src/shared/json.ts';
import { freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { fieldOf } from '../support/field.ts';

const namespace = freshNamespace();
let cluster: Cluster;

const POD = { resource: 'pods', namespace: 'prod', name: 'api-0', apiVersion: 'v1' };
const RBAC = { apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'v1' };
const ALLOW = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' };
const FORBID = { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' };

function risky(kind: string, spec: JsonObject): JsonObject {
  return { level: 'Request', verb: 'create', objectRef: POD, requestObject: { kind, apiVersion: 'v1', spec } };
}

const CONTAINER = { name: 'app', image: 'registry.example.com/app:1' };

/** Events by their audit id. */
const EVENTS: Readonly<Record<string, JsonObject>> = {
  read: {},
  exec: {
    verb: 'get',
    stage: 'ResponseStarted',
    objectRef: { ...POD, subresource: 'exec' },
    requestURI: '/api/v1/namespaces/prod/pods/api-0/exec?command=sh&stdin=true',
    responseStatus: { metadata: {}, code: 101 },
  },
  anonymous: { verb: 'list', user: { username: 'system:anonymous', groups: ['system:unauthenticated'] } },
  denied: {
    user: {
      username: 'system:serviceaccount:ci:deployer',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ci'],
      extra: { 'authentication.kubernetes.io/pod-name': ['runner-0'] },
    },
    userAgent: 'curl/8.5.0',
    sourceIPs: ['203.0.113.7'],
    annotations: FORBID,
    responseStatus: { metadata: {}, code: 403, reason: 'Forbidden', message: 'secrets is forbidden' },
  },
  borrowed: { impersonatedUser: { username: 'admin', groups: ['system:masters'] } },
  privileged: risky('Pod', {
    hostPID: true,
    hostIPC: true,
    hostNetwork: true,
    serviceAccountName: 'deployer',
    volumes: [{ name: 'root', hostPath: { path: '/proc' } }],
    containers: [{ ...CONTAINER, securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } } }],
  }),
  plain: risky('Pod', { containers: [CONTAINER] }),
  nodeport: {
    ...risky('Service', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }),
    objectRef: { resource: 'services', namespace: 'prod', name: 'web', apiVersion: 'v1' },
  },
  role: {
    level: 'RequestResponse',
    verb: 'create',
    objectRef: { resource: 'clusterroles', name: 'all', ...RBAC },
    requestObject: { kind: 'ClusterRole', rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  },
  bound: {
    level: 'Request',
    verb: 'create',
    objectRef: { resource: 'clusterrolebindings', name: 'give', ...RBAC },
    requestObject: {
      kind: 'ClusterRoleBinding',
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', name: 'bob' }],
    },
  },
  swept: {
    verb: 'deletecollection',
    objectRef: { resource: 'events', namespace: 'kube-system', apiVersion: 'v1' },
    requestURI: '/api/v1/namespaces/kube-system/events',
  },
};

beforeAll(async () => {
  cluster = await testCluster();
  const lines = Object.entries(EVENTS).map(([auditID, changes]) => ({
    cluster: 'rules',
    line: JSON.stringify(rawEvent({ annotations: ALLOW, ...changes, auditID })),
  }));
  await loadLines(cluster, { namespace, lines });
});
afterAll(() => removeNamespace(cluster, namespace));

function search(query: JsonObject, rest: JsonObject = {}): Promise<unknown> {
  return cluster.ask('POST', `/${eventsAlias(namespace)}/_search`, { size: 100, query, ...rest });
}

const kql = (query: string): JsonObject => ({ kql: { query } });
const DATASET = 'data_stream.dataset: "kubernetes.audit_logs"';

async function idsOf(query: string): Promise<readonly unknown[]> {
  const hits = fieldOf(await search(kql(query)), 'hits', 'hits');
  return (Array.isArray(hits) ? hits : []).map((hit) => fieldOf(hit, '_source', 'auditID')).sort();
}

const AUDIT = 'kubernetes.audit';

// Kibana also takes `system\\:serviceaccount\\:*` and, where Elasticsearch 8.19 does not, `verb: ("a" or "b")`: it reads a rule itself.
describe("the form of Elastic's rules of type query", () => {
  it.each<readonly [string, readonly string[]]>([
    [`${DATASET} and ${AUDIT}.objectRef.resource: "pods" and ${AUDIT}.objectRef.subresource: "exec"`, ['exec']],
    [
      `${AUDIT}.requestURI: */exec* and (${AUDIT}.stage: "ResponseStarted" or ${AUDIT}.stage: "ResponseComplete")`,
      ['exec'],
    ],
    [
      `(${AUDIT}.user.username: "system:anonymous" or ${AUDIT}.user.username: "system:unauthenticated" or not ${AUDIT}.user.username: *) and ${AUDIT}.annotations.authorization_k8s_io/decision: "allow"`,
      ['anonymous'],
    ],
    [
      `${AUDIT}.user.groups: "system:unauthenticated" and (${AUDIT}.level: "Metadata" or ${AUDIT}.level: "Request")`,
      ['anonymous'],
    ],
    [
      `${AUDIT}.user.username: system*deployer and ${AUDIT}.annotations.authorization_k8s_io/decision: "forbid"`,
      ['denied'],
    ],
    [`${AUDIT}.user.extra.authentication.kubernetes.io/pod-name: runner-* and ${AUDIT}.userAgent: curl*`, ['denied']],
    [`${AUDIT}.responseStatus.code >= 400 and ${AUDIT}.responseStatus.message: *forbidden*`, ['denied']],
    [`user_agent.original: curl* and user.name: * and source.ip: "203.0.113.0/24" and event.action: "get"`, ['denied']],
    [`${AUDIT}.sourceIPs: "203.0.113.7"`, ['denied']],
    [
      `${AUDIT}.impersonatedUser.username: "admin" and ${AUDIT}.impersonatedUser.groups: "system:masters"`,
      ['borrowed'],
    ],
    [
      `${AUDIT}.requestObject.spec.containers.securityContext.privileged: true and (${AUDIT}.verb: "create" or ${AUDIT}.verb: "update" or ${AUDIT}.verb: "patch")`,
      ['privileged'],
    ],
    [
      `${AUDIT}.requestObject.spec.hostPID: true and ${AUDIT}.requestObject.spec.hostIPC: true and ${AUDIT}.requestObject.spec.hostNetwork: true`,
      ['privileged'],
    ],
    [
      `(${AUDIT}.requestObject.spec.containers.securityContext.capabilities.add: "SYS_ADMIN" or ${AUDIT}.requestObject.spec.containers.securityContext.capabilities.add: "BPF")`,
      ['privileged'],
    ],
    [
      `(${AUDIT}.requestObject.spec.volumes.hostPath.path: "/" or ${AUDIT}.requestObject.spec.volumes.hostPath.path: "/proc" or ${AUDIT}.requestObject.spec.volumes.hostPath.path: "/etc")`,
      ['privileged'],
    ],
    [`${AUDIT}.requestObject.spec.serviceAccountName: *deployer`, ['privileged']],
    [
      `(${AUDIT}.requestObject.spec.containers.image: * and not ${AUDIT}.requestObject.spec.containers.image: registry.example.com/other*)`,
      ['plain', 'privileged'],
    ],
    [`${AUDIT}.objectRef.resource: "services" and ${AUDIT}.requestObject.spec.type: "NodePort"`, ['nodeport']],
    [`${AUDIT}.requestObject.rules.resources: "*" and ${AUDIT}.requestObject.rules.verbs: "*"`, ['role']],
    [`${AUDIT}.responseObject.rules.verbs: "*" and ${AUDIT}.objectRef.name: "all"`, ['role']],
    [`${AUDIT}.requestObject.roleRef.name: "cluster-admin"`, ['bound']],
    [
      `${AUDIT}.objectRef.namespace: "kube-system" and (${AUDIT}.verb: "delete" or ${AUDIT}.verb: "deletecollection")`,
      ['swept'],
    ],
    [
      `event.dataset: "kubernetes.audit_logs" and data_stream.namespace: "${namespace}" and ${AUDIT}.verb: "list"`,
      ['anonymous'],
    ],
    [`event.original: *`, []],
  ])('%s', async (query, expected) => {
    expect(await idsOf(query)).toEqual(expected);
  });
});

/** Buckets of an aggregation as `key count`; of a composite, its values joined. */
async function bucketsOf(query: string, aggregation: JsonObject): Promise<readonly string[]> {
  const buckets = fieldOf(
    await search(kql(query), { size: 0, aggs: { found: aggregation } }),
    'aggregations',
    'found',
    'buckets',
  );
  return (Array.isArray(buckets) ? buckets : []).map((bucket) => {
    const key = fieldOf(bucket, 'key');
    const values = isObject(key) ? Object.values(key).join(' ') : String(key);
    return `${values} ${fieldOf(bucket, 'doc_count')}`;
  });
}

describe("the form of Elastic's rules of type new terms", () => {
  it.each<readonly [readonly string[], string, readonly string[]]>([
    [['source.ip'], `${AUDIT}.annotations.authorization_k8s_io/decision: "forbid"`, ['203.0.113.7 1']],
    [
      ['user.name', 'user_agent.original'],
      'user_agent.original: curl*',
      ['system:serviceaccount:ci:deployer curl/8.5.0 1'],
    ],
    [
      [`${AUDIT}.user.username`, `${AUDIT}.annotations.authorization_k8s_io/decision`],
      `${AUDIT}.user.username: system*`,
      ['system:anonymous allow 1', 'system:serviceaccount:ci:deployer forbid 1'],
    ],
  ])('pages through the values of %s', async (fields, query, expected) => {
    const sources = fields.map((field, at) => ({ [`f${at}`]: { terms: { field } } }));
    expect(await bucketsOf(query, { composite: { size: 100, sources } })).toEqual(expected);
  });
});

describe("the form of Elastic's rules of type threshold", () => {
  it.each<readonly [string, string, readonly string[]]>([
    [
      'user.name',
      `(${AUDIT}.objectRef.resource: "pods" or ${AUDIT}.objectRef.resource: "services")`,
      ['alice@example.com 4'],
    ],
    [
      `${AUDIT}.objectRef.resource`,
      `${AUDIT}.verb: "create"`,
      ['pods 2', 'clusterrolebindings 1', 'clusterroles 1', 'services 1'],
    ],
    [
      'event.action',
      'user.name: "alice@example.com" and not kubernetes.audit.verb: "create"',
      ['get 3', 'deletecollection 1'],
    ],
  ])('counts by %s', async (field, query, expected) => {
    expect(await bucketsOf(query, { terms: { field, size: 10 } })).toEqual(expected);
  });

  it('counts distinct values', async () => {
    const aggs = { distinct: { cardinality: { field: `${AUDIT}.objectRef.name` } } };
    const answer = await search(kql(`${AUDIT}.verb: "create"`), { size: 0, aggs });
    expect(fieldOf(answer, 'aggregations', 'distinct', 'value')).toBe(4);
  });
});
