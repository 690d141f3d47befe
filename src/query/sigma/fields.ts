import type { FieldTypes } from '../fields.ts';

/** Where we keep what Sigma rules call by other names: bare ones, as pipelines map them, and paths into bodies. */
const NAMES: Readonly<Record<string, string>> = {
  apiGroup: 'objectRef.apiGroup',
  resource: 'objectRef.resource',
  subresource: 'objectRef.subresource',
  namespace: 'objectRef.namespace',
  username: 'user.username',
  sourceIP: 'sourceIPs',
  capabilities: 'kaudit.pod.added_capabilities',
  hostPath: 'kaudit.pod.host_paths',
  privileged: 'kaudit.pod.privileged',
  hostNetwork: 'kaudit.pod.host_network',
  hostPID: 'kaudit.pod.host_pid',
  hostIPC: 'kaudit.pod.host_ipc',
  'annotations.authorization.k8s.io/decision': 'kaudit.decision',
  'requestObject.roleRef.name': 'kaudit.rbac.role',
  'requestObject.rules.verbs': 'kaudit.rbac.verbs',
  'requestObject.rules.resources': 'kaudit.rbac.resources',
  'requestObject.spec.containers.image': 'kaudit.pod.images',
  'requestObject.spec.containers.securityContext.privileged': 'kaudit.pod.privileged',
  'requestObject.spec.containers.securityContext.capabilities.add': 'kaudit.pod.added_capabilities',
  'requestObject.spec.hostNetwork': 'kaudit.pod.host_network',
  'requestObject.spec.hostPID': 'kaudit.pod.host_pid',
  'requestObject.spec.hostIPC': 'kaudit.pod.host_ipc',
  'requestObject.spec.volumes.hostPath.path': 'kaudit.pod.host_paths',
  'requestObject.spec.serviceAccountName': 'kaudit.pod.service_account',
};

/** The field of ours for one of a Sigma rule; undefined where there is none. */
export function ourField(name: string, fields: FieldTypes): string | undefined {
  const ours = Object.hasOwn(NAMES, name) ? NAMES[name] : name;
  return ours !== undefined && fields.has(ours) ? ours : undefined;
}

/** Facts that are true or absent, never false. */
export function isFlag(field: string): boolean {
  return /^kaudit\.(pod\.(privileged|host_(network|pid|ipc)|run_as_root)|dry_run|truncated|undated)$/.test(field);
}
