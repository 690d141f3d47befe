import type { JsonObject } from '../../shared/json.ts';
import { creation, request, type Target, write } from './base.ts';

const TEMPLATE = { spec: { containers: [{ name: 'api', image: 'registry.example.com/api:1.0' }] } };
const DEPLOYMENT: Target = { resource: 'deployments', group: 'apps', namespace: 'prod', name: 'api' };
const SERVICE: Target = { resource: 'services', namespace: 'prod', name: 'api' };

function workload(kind: string, resource: string, group: string, spec: JsonObject): JsonObject {
  return creation(kind, { resource, group, namespace: 'prod', name: 'api' }, { spec });
}

/** Workloads, how they are reached, and what they store. */
export const WORKLOADS: Readonly<Record<string, JsonObject>> = {
  deployment: workload('Deployment', 'deployments', 'apps', { template: TEMPLATE }),
  'patch-deployment': write('patch', DEPLOYMENT, { spec: { template: TEMPLATE } }),
  'delete-deployment': request('delete', DEPLOYMENT),
  scale: write(
    'update',
    { ...DEPLOYMENT, subresource: 'scale' },
    {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'api', namespace: 'prod' },
      spec: { replicas: 3 },
    },
  ),
  statefulset: workload('StatefulSet', 'statefulsets', 'apps', { template: TEMPLATE }),
  daemonset: workload('DaemonSet', 'daemonsets', 'apps', { template: TEMPLATE }),
  job: workload('Job', 'jobs', 'batch', { template: TEMPLATE }),
  cronjob: workload('CronJob', 'cronjobs', 'batch', {
    schedule: '0 3 * * *',
    jobTemplate: { spec: { template: TEMPLATE } },
  }),
  service: creation('Service', SERVICE, { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }),
  'service-proxy': request('get', { ...SERVICE, subresource: 'proxy' }),
  ingress: creation(
    'Ingress',
    { resource: 'ingresses', group: 'networking.k8s.io', namespace: 'prod', name: 'web' },
    { spec: { rules: [{ host: 'shop.example.com' }] } },
  ),
  'network-policy': creation(
    'NetworkPolicy',
    { resource: 'networkpolicies', group: 'networking.k8s.io', namespace: 'prod', name: 'default-deny' },
    { spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  ),
  'persistent-volume': creation(
    'PersistentVolume',
    { resource: 'persistentvolumes', name: 'disk-1' },
    { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'csi.example.com' } } },
  ),
  'persistent-volume-claim': creation(
    'PersistentVolumeClaim',
    { resource: 'persistentvolumeclaims', namespace: 'prod', name: 'data-api-0' },
    { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  ),
};
