import type { JsonObject } from '../audit/event.ts';

const ALLOW = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' };
const FORBID = { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' };
const RBAC = { apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'v1' };

/** What every template has unless it says otherwise; times and auditID are given by the scenario. */
const BASE: JsonObject = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/prod/pods',
  verb: 'get',
  user: { username: 'alice@example.com', groups: ['dev', 'system:authenticated'] },
  sourceIPs: ['198.51.100.7'],
  userAgent: 'kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46',
  responseStatus: { metadata: {}, code: 200 },
  annotations: ALLOW,
};

/** Events that scenarios start from: what an API server writes for these requests. */
export const TEMPLATES: Readonly<Record<string, JsonObject>> = {
  get: { ...BASE, objectRef: { resource: 'pods', namespace: 'prod', name: 'api-0', apiVersion: 'v1' } },
  list: { ...BASE, verb: 'list', objectRef: { resource: 'pods', namespace: 'prod', apiVersion: 'v1' } },
  'read-secret': {
    ...BASE,
    requestURI: '/api/v1/namespaces/prod/secrets/db-password',
    objectRef: { resource: 'secrets', namespace: 'prod', name: 'db-password', apiVersion: 'v1' },
  },
  create: {
    ...BASE,
    verb: 'create',
    objectRef: { resource: 'configmaps', namespace: 'prod', name: 'settings', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
  },
  delete: {
    ...BASE,
    verb: 'delete',
    requestURI: '/api/v1/namespaces/prod/configmaps/settings',
    objectRef: { resource: 'configmaps', namespace: 'prod', name: 'settings', apiVersion: 'v1' },
    responseStatus: { metadata: {}, status: 'Success', code: 200 },
  },
  exec: {
    ...BASE,
    verb: 'create',
    stage: 'ResponseStarted',
    requestURI: '/api/v1/namespaces/prod/pods/api-0/exec?command=sh&container=app&stdin=true&stdout=true&tty=true',
    objectRef: { resource: 'pods', namespace: 'prod', name: 'api-0', apiVersion: 'v1', subresource: 'exec' },
    responseStatus: { metadata: {}, code: 101 },
  },
  forbidden: {
    ...BASE,
    verb: 'list',
    requestURI: '/api/v1/secrets',
    objectRef: { resource: 'secrets', apiVersion: 'v1' },
    responseStatus: { metadata: {}, status: 'Failure', reason: 'Forbidden', code: 403 },
    annotations: FORBID,
  },
  // A failed login is logged once, at ResponseStarted and with nobody as its user.
  'login-failed': {
    ...BASE,
    stage: 'ResponseStarted',
    user: {},
    objectRef: { resource: 'pods', namespace: 'prod', apiVersion: 'v1' },
    responseStatus: { metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
    annotations: {},
  },
  anonymous: {
    ...BASE,
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    sourceIPs: ['203.0.113.9'],
    userAgent: 'curl/8.5.0',
    verb: 'list',
    requestURI: '/api/v1/namespaces/prod/pods',
    objectRef: { resource: 'pods', namespace: 'prod', apiVersion: 'v1' },
  },
  pod: {
    ...BASE,
    level: 'Request',
    verb: 'create',
    objectRef: { resource: 'pods', namespace: 'prod', name: 'tool', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'tool', namespace: 'prod' },
      spec: { containers: [{ name: 'tool', image: 'registry.example.com/tool:1.0' }] },
    },
  },
  deployment: {
    ...BASE,
    level: 'Request',
    verb: 'create',
    requestURI: '/apis/apps/v1/namespaces/prod/deployments',
    objectRef: { resource: 'deployments', namespace: 'prod', name: 'api', apiGroup: 'apps', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'api', namespace: 'prod' },
      spec: { template: { spec: { containers: [{ name: 'api', image: 'registry.example.com/api:1.0' }] } } },
    },
  },
  role: {
    ...BASE,
    level: 'Request',
    verb: 'create',
    requestURI: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    objectRef: { resource: 'clusterroles', name: 'reader', ...RBAC },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: {
      kind: 'ClusterRole',
      apiVersion: 'rbac.authorization.k8s.io/v1',
      metadata: { name: 'reader' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
  },
  binding: {
    ...BASE,
    level: 'Request',
    verb: 'create',
    requestURI: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    objectRef: { resource: 'clusterrolebindings', name: 'readers', ...RBAC },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: {
      kind: 'ClusterRoleBinding',
      apiVersion: 'rbac.authorization.k8s.io/v1',
      metadata: { name: 'readers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob@example.com' }],
    },
  },
  token: {
    ...BASE,
    verb: 'create',
    requestURI: '/api/v1/namespaces/ci/serviceaccounts/deployer/token',
    objectRef: {
      resource: 'serviceaccounts',
      namespace: 'ci',
      name: 'deployer',
      apiVersion: 'v1',
      subresource: 'token',
    },
    responseStatus: { metadata: {}, code: 201 },
  },
};
