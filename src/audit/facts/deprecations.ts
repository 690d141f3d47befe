import type { ObjectRef } from '../event.ts';

/** The release that no longer has them: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ */
const REMOVED: readonly (readonly [release: string, groupVersion: string, resources: string])[] = [
  ['1.16', 'apps/v1beta1', 'controllerrevisions deployments statefulsets'],
  ['1.16', 'apps/v1beta2', 'controllerrevisions daemonsets deployments replicasets statefulsets'],
  ['1.16', 'extensions/v1beta1', 'daemonsets deployments networkpolicies podsecuritypolicies replicasets'],
  ['1.22', 'admissionregistration.k8s.io/v1beta1', 'mutatingwebhookconfigurations validatingwebhookconfigurations'],
  ['1.22', 'apiextensions.k8s.io/v1beta1', 'customresourcedefinitions'],
  ['1.22', 'apiregistration.k8s.io/v1beta1', 'apiservices'],
  ['1.22', 'authentication.k8s.io/v1beta1', 'tokenreviews'],
  [
    '1.22',
    'authorization.k8s.io/v1beta1',
    'localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews',
  ],
  ['1.22', 'certificates.k8s.io/v1beta1', 'certificatesigningrequests'],
  ['1.22', 'coordination.k8s.io/v1beta1', 'leases'],
  ['1.22', 'extensions/v1beta1', 'ingresses'],
  ['1.22', 'networking.k8s.io/v1beta1', 'ingressclasses ingresses'],
  ['1.22', 'rbac.authorization.k8s.io/v1beta1', 'clusterrolebindings clusterroles rolebindings roles'],
  ['1.22', 'scheduling.k8s.io/v1beta1', 'priorityclasses'],
  ['1.22', 'storage.k8s.io/v1beta1', 'csidrivers csinodes storageclasses volumeattachments'],
  ['1.25', 'autoscaling/v2beta1', 'horizontalpodautoscalers'],
  ['1.25', 'batch/v1beta1', 'cronjobs'],
  ['1.25', 'discovery.k8s.io/v1beta1', 'endpointslices'],
  ['1.25', 'events.k8s.io/v1beta1', 'events'],
  ['1.25', 'node.k8s.io/v1beta1', 'runtimeclasses'],
  ['1.25', 'policy/v1beta1', 'poddisruptionbudgets podsecuritypolicies'],
  ['1.26', 'autoscaling/v2beta2', 'horizontalpodautoscalers'],
  ['1.26', 'flowcontrol.apiserver.k8s.io/v1beta1', 'flowschemas prioritylevelconfigurations'],
  ['1.27', 'storage.k8s.io/v1beta1', 'csistoragecapacities'],
  ['1.29', 'flowcontrol.apiserver.k8s.io/v1beta2', 'flowschemas prioritylevelconfigurations'],
  ['1.32', 'flowcontrol.apiserver.k8s.io/v1beta3', 'flowschemas prioritylevelconfigurations'],
];

const RELEASES = new Map(
  REMOVED.flatMap(([release, groupVersion, resources]) =>
    resources.split(' ').map((resource) => [`${groupVersion}/${resource}`, release] as const),
  ),
);

/** The first release without the API that a request used; undefined for one that stays. */
export function removedRelease(ref: ObjectRef | undefined): string | undefined {
  // Nearly every request is for a v1, of which none is gone.
  if (ref?.apiVersion === undefined || ref.apiVersion === 'v1' || ref.apiGroup === undefined) return undefined;
  return RELEASES.get(`${ref.apiGroup}/${ref.apiVersion}/${ref.resource}`);
}
