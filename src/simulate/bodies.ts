import type { JsonObject } from '../shared/json.ts';
import { pathOf } from './paths.ts';
import { nameUuid } from './random.ts';
import type { Body, Ref, SimulatedRequest } from './request.ts';
import { statusOf } from './status.ts';

const KINDS: Readonly<Record<string, string>> = {
  configmaps: 'ConfigMap',
  deployments: 'Deployment',
  endpointslices: 'EndpointSlice',
  events: 'Event',
  jobs: 'Job',
  leases: 'Lease',
  namespaces: 'Namespace',
  nodes: 'Node',
  pods: 'Pod',
  secrets: 'Secret',
  services: 'Service',
};
const LISTED = 3;

/** What the client sends: a create or update the whole object, a deletion its options in the server's own version of them. */
export function sentBy({ body, ref, verb }: SimulatedRequest): Body | undefined {
  if (body !== undefined || ref === undefined) return body;
  if (verb === 'delete' || verb === 'deletecollection') {
    return { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal', propagationPolicy: 'Background' };
  }
  const kind = KINDS[ref.resource];
  const sendsObject = verb === 'update' || (verb === 'create' && ref.subresource === undefined);
  return sendsObject && kind !== undefined ? objectOf(kind, ref, ref.name ?? '') : undefined;
}

/** What the API server answers. Streams and most subresources have no object, and what is created comes back as it is. */
export function answerTo(request: SimulatedRequest): Body | undefined {
  const { body, code, lastsMs, ref, verb } = request;
  if (ref === undefined || lastsMs !== undefined) return undefined;
  if (code >= 400) return { kind: 'Status', apiVersion: 'v1', ...statusOf(request) };
  if (verb === 'delete') return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  if (verb === 'create') return body;
  const kind = KINDS[ref.resource];
  if (kind === undefined || (ref.subresource !== undefined && ref.subresource !== 'status')) return undefined;
  return verb === 'list' || verb === 'deletecollection' ? listOf(kind, ref) : objectOf(kind, ref, ref.name ?? '');
}

function listOf(kind: string, ref: Ref): JsonObject {
  const items = Array.from({ length: LISTED }, (_, index) => objectOf(kind, ref, `${ref.resource}-${index}`));
  return { kind: `${kind}List`, apiVersion: apiVersionOf(ref), metadata: { resourceVersion: '7312043' }, items };
}

function objectOf(kind: string, ref: Ref, name: string): JsonObject {
  const { subresource: _, ...object } = ref;
  const metadata = {
    name,
    namespace: ref.namespace,
    uid: nameUuid(pathOf({ ...object, name })),
    resourceVersion: '7311958',
    creationTimestamp: '2026-01-14T08:12:44Z',
    labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'Helm' },
  };
  return { kind, apiVersion: apiVersionOf(ref), metadata, ...contentOf(ref.resource, name) };
}

function apiVersionOf({ apiGroup, apiVersion = 'v1' }: Ref): string {
  return apiGroup === undefined ? apiVersion : `${apiGroup}/${apiVersion}`;
}

function contentOf(resource: string, name: string): JsonObject {
  const container = { name: 'main', image: `registry.example.com/${name}:1.4`, imagePullPolicy: 'IfNotPresent' };
  switch (resource) {
    case 'pods':
      return { spec: { containers: [container], restartPolicy: 'Always' }, status: { phase: 'Running' } };
    case 'deployments':
      return { spec: { replicas: 2, template: { spec: { containers: [container] } } }, status: { readyReplicas: 2 } };
    case 'secrets':
      return { data: { password: 'c2ltdWxhdGVk' }, type: 'Opaque' };
    case 'configmaps':
      return { data: { 'settings.yaml': 'mode: normal\nworkers: 4\n' } };
    case 'services':
      return { spec: { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } };
    default:
      return {};
  }
}
