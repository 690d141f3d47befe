import type { JsonObject } from '../../shared/json.ts';
import { creation, request, type Target, write } from './base.ts';

const NODE: Target = { resource: 'nodes', name: 'node-1' };
const ADMISSION = 'admissionregistration.k8s.io';
// The API server takes the name of a namespace for its namespace, too, once it stands in the address.
const NAMESPACE: Target = { resource: 'namespaces', namespace: 'team-a', name: 'team-a' };
const AT_NAMESPACE = { requestURI: '/api/v1/namespaces/team-a' };

function webhook(kind: string, resource: string): JsonObject {
  return creation(
    kind,
    { resource, group: ADMISSION, name: 'guard' },
    {
      webhooks: [
        { name: 'guard.example.com', clientConfig: { url: 'https://guard.example.com/' }, failurePolicy: 'Fail' },
      ],
    },
  );
}

/** Nodes, namespaces, and what extends the API server. */
export const CLUSTER: Readonly<Record<string, JsonObject>> = {
  'patch-node': write('patch', NODE, { spec: { unschedulable: true } }),
  'delete-node': request('delete', NODE),
  'node-proxy': request('get', { ...NODE, subresource: 'proxy' }, { requestURI: '/api/v1/nodes/node-1/proxy/pods' }),
  namespace: creation('Namespace', { resource: 'namespaces', name: 'team-a' }, {}),
  'label-namespace': {
    ...write('patch', NAMESPACE, {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    }),
    ...AT_NAMESPACE,
  },
  'delete-namespace': request('delete', NAMESPACE, AT_NAMESPACE),
  'mutating-webhook': webhook('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'),
  'validating-webhook': webhook('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'),
  crd: creation(
    'CustomResourceDefinition',
    { resource: 'customresourcedefinitions', group: 'apiextensions.k8s.io', name: 'widgets.example.com' },
    { spec: { group: 'example.com', names: { kind: 'Widget', plural: 'widgets' }, scope: 'Namespaced' } },
  ),
  'api-service': creation(
    'APIService',
    { resource: 'apiservices', group: 'apiregistration.k8s.io', name: 'v1.example.com' },
    { spec: { group: 'example.com', version: 'v1', service: { namespace: 'prod', name: 'api' } } },
  ),
  // What nodes and controllers do all day.
  'by-node': {
    ...write(
      'patch',
      { ...NODE, subresource: 'status' },
      { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    ),
    user: { username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] },
    userAgent: 'kubelet/v1.31.2 (linux/amd64) kubernetes/5864a46',
    sourceIPs: ['10.0.0.11'],
  },
  'by-controller': {
    ...creation(
      'Pod',
      { resource: 'pods', namespace: 'prod', name: 'api-7d9f-x2x1' },
      { spec: { containers: [{ name: 'api', image: 'registry.example.com/api:1.0' }] } },
    ),
    user: {
      username: 'system:serviceaccount:kube-system:replicaset-controller',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
    },
    userAgent:
      'kube-controller-manager/v1.31.2 (linux/amd64) kubernetes/5864a46/system:serviceaccount:kube-system:replicaset-controller',
    sourceIPs: ['10.0.0.1'],
  },
};
