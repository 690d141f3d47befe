import type { JsonObject } from '../../shared/json.ts';
import { creation, request, STARTED, type Target, write } from './base.ts';

const POD: Target = { resource: 'pods', namespace: 'prod', name: 'api-0' };
const EXEC: Target = {
  ...POD,
  subresource: 'exec',
  query: 'command=sh&container=app&stdin=true&stdout=true&tty=true',
};

/** Pods and what is done to one that runs. */
export const PODS: Readonly<Record<string, JsonObject>> = {
  pod: creation(
    'Pod',
    { resource: 'pods', namespace: 'prod', name: 'tool' },
    { spec: { containers: [{ name: 'tool', image: 'registry.example.com/tool:1.0' }] } },
  ),
  'delete-pod': request('delete', POD),
  exec: request('create', EXEC, STARTED),
  // A WebSocket opens with GET.
  'exec-websocket': request('get', EXEC, STARTED),
  attach: request('create', { ...POD, subresource: 'attach', query: 'container=app&stdin=true' }, STARTED),
  'port-forward': request('create', { ...POD, subresource: 'portforward' }, STARTED),
  'pod-log': request('get', { ...POD, subresource: 'log', query: 'container=app' }),
  'ephemeral-container': write(
    'patch',
    { ...POD, subresource: 'ephemeralcontainers' },
    { spec: { ephemeralContainers: [{ name: 'debugger', image: 'registry.example.com/debug:1.0' }] } },
  ),
  evict: write(
    'create',
    { ...POD, subresource: 'eviction' },
    { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'api-0', namespace: 'prod' } },
  ),
  schedule: {
    ...write(
      'create',
      { ...POD, subresource: 'binding' },
      { kind: 'Binding', apiVersion: 'v1', metadata: { name: 'api-0' }, target: { kind: 'Node', name: 'node-1' } },
    ),
    user: { username: 'system:kube-scheduler', groups: ['system:authenticated'] },
    userAgent: 'kube-scheduler/v1.31.2 (linux/amd64) kubernetes/5864a46/scheduler',
  },
};
