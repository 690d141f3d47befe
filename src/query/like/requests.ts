import type { JsonObject } from '../../shared/json.ts';
import { BASE, creation, FORBID, request, type Target, write } from './base.ts';

const POD: Target = { resource: 'pods', namespace: 'prod', name: 'api-0' };
const SETTINGS: Target = { resource: 'configmaps', namespace: 'prod', name: 'settings' };
const SECRET: Target = { resource: 'secrets', namespace: 'prod', name: 'db-password' };

/** Plain reads and writes, and requests that were refused. */
export const REQUESTS: Readonly<Record<string, JsonObject>> = {
  get: request('get', POD),
  list: request('list', { resource: 'pods', namespace: 'prod' }),
  create: request('create', SETTINGS),
  delete: request('delete', SETTINGS, { responseStatus: { metadata: {}, status: 'Success', code: 200 } }),
  'read-secret': request('get', SECRET),
  'list-secrets': request('list', { resource: 'secrets', namespace: 'prod' }),
  secret: creation('Secret', SECRET, { type: 'Opaque', data: { password: 'cmVkYWN0ZWQ=' } }),
  'read-configmap': request('get', SETTINGS),
  configmap: creation('ConfigMap', SETTINGS, { data: { mode: 'fast' } }),
  'patch-configmap': write('patch', SETTINGS, { data: { mode: 'slow' } }),
  'delete-event': request('delete', { resource: 'events', namespace: 'prod', name: 'api-0.17a3c0' }),
  health: {
    ...BASE,
    requestURI: '/healthz',
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  },
  forbidden: request(
    'list',
    { resource: 'secrets' },
    { responseStatus: { metadata: {}, status: 'Failure', reason: 'Forbidden', code: 403 }, annotations: FORBID },
  ),
  // A failed login is logged once, at ResponseStarted and with nobody as its user.
  'login-failed': request(
    'get',
    { resource: 'pods', namespace: 'prod' },
    {
      stage: 'ResponseStarted',
      user: {},
      responseStatus: { metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
      annotations: {},
    },
  ),
  anonymous: request(
    'list',
    { resource: 'pods', namespace: 'prod' },
    {
      user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
      sourceIPs: ['203.0.113.9'],
      userAgent: 'curl/8.5.0',
    },
  ),
};
