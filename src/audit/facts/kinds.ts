/** Facts that only one kind of object has. */

import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import type { AuditEvent } from '../event.ts';
import { takesAway } from './bodies.ts';
import type { BodyFacts, ConfigMapFacts, NodeFacts, WorkloadFacts } from './body-types.ts';
import { csrFacts } from './certificate-request.ts';
import { ingressFacts, serviceFacts } from './exposure.ts';
import { admissionPolicyFacts, apiServiceFacts, conversionFacts, webhookFacts } from './extensions.ts';
import { disruptionBudgetFacts, limitFacts, namespaceFacts, quotaFacts } from './guardrails.ts';
import { hasInlineSecret } from './inline-secrets.ts';
import { networkPolicyFacts } from './network-policy.ts';
import { tokenRequestFacts } from './review.ts';
import { asksAdminAccess, persistentVolumeFacts } from './storage.ts';
import { allAt, clip, distinct, firstInteger, firstText, present } from './values.ts';

/** What was written. */
interface Written {
  readonly objects: readonly JsonObject[];
  /** The body as it was sent, and whether it is a patch. */
  readonly request: unknown;
  readonly isPatch: boolean;
}

type Reader = (written: Written) => BodyFacts;

const NOTHING: BodyFacts = {};
const ADMISSION = 'admissionregistration.k8s.io/';

/** By `group/resource`; the core group is empty. */
const READERS = new Map<string, Reader>([
  ['/services', ({ objects }) => under('service', serviceFacts(objects))],
  ['networking.k8s.io/ingresses', ({ objects }) => under('ingress', ingressFacts(objects))],
  ['extensions/ingresses', ({ objects }) => under('ingress', ingressFacts(objects))],
  ['networking.k8s.io/networkpolicies', ({ objects }) => under('network_policy', networkPolicyFacts(objects))],
  ['extensions/networkpolicies', ({ objects }) => under('network_policy', networkPolicyFacts(objects))],
  [`${ADMISSION}mutatingwebhookconfigurations`, ({ objects }) => under('webhook', webhookFacts(objects))],
  [`${ADMISSION}validatingwebhookconfigurations`, ({ objects }) => under('webhook', webhookFacts(objects))],
  ...['validating', 'mutating'].flatMap((kind): [string, Reader][] =>
    ['policies', 'policybindings'].map((suffix) => [
      `${ADMISSION}${kind}admission${suffix}`,
      ({ objects }) => under('admission_policy', admissionPolicyFacts(objects)),
    ]),
  ),
  ['apiextensions.k8s.io/customresourcedefinitions', ({ objects }) => under('webhook', conversionFacts(objects))],
  ['apiregistration.k8s.io/apiservices', ({ objects }) => under('api_service', apiServiceFacts(objects))],
  ['certificates.k8s.io/certificatesigningrequests', ({ objects }) => under('csr', csrFacts(objects))],
  ['/namespaces', (made) => under('namespace', namespaceFacts(made.objects, made.request, made.isPatch))],
  ['/resourcequotas', ({ objects }) => under('quota', quotaFacts(objects))],
  ['/limitranges', ({ objects }) => under('limits', limitFacts(objects))],
  ['policy/poddisruptionbudgets', ({ objects }) => under('disruption_budget', disruptionBudgetFacts(objects))],
  ['/persistentvolumes', ({ objects }) => under('persistent_volume', persistentVolumeFacts(objects))],
  ['resource.k8s.io/resourceclaims', ({ objects }) => under('admin_access', asksAdminAccess(objects) || undefined)],
  [
    'resource.k8s.io/resourceclaimtemplates',
    ({ objects }) => under('admin_access', asksAdminAccess(objects) || undefined),
  ],
  ['/configmaps', ({ objects }) => under('config_map', configMapFacts(objects))],
  ['/nodes', ({ objects }) => under('node', nodeFacts(objects))],
  ['coordination.k8s.io/leases', ({ objects }) => under('lease_holder', firstText(objects, 'spec', 'holderIdentity'))],
  ['/secrets', ({ objects }) => under('secret_type', firstText(objects, 'type'))],
  ['/replicationcontrollers', workloadFacts],
  ['apps/deployments', workloadFacts],
  ['apps/replicasets', workloadFacts],
  ['apps/statefulsets', workloadFacts],
  ['extensions/deployments', workloadFacts],
  ['extensions/replicasets', workloadFacts],
  ['batch/jobs', workloadFacts],
  ['batch/cronjobs', workloadFacts],
]);

export function kindFacts({ objectRef, requestObject, verb }: AuditEvent, objects: readonly JsonObject[]): BodyFacts {
  const { resource = '', apiGroup = '', subresource } = objectRef ?? {};
  const written = { objects, request: requestObject, isPatch: verb === 'patch' };
  const suspended = under('gitops_suspended', suspendsGitops(written, `${apiGroup}/${resource}`) || undefined);
  return { ...suspended, ...readerOf(`${apiGroup}/${resource}`, subresource)?.(written) };
}

function readerOf(resource: string, subresource: string | undefined): Reader | undefined {
  if (resource === '/serviceaccounts') return subresource === 'token' ? tokenReader : undefined;
  if (resource === '/pods') return subresource === 'binding' ? bindingReader : undefined;
  return subresource === 'scale' ? workloadFacts : READERS.get(resource);
}

function tokenReader({ objects }: Written): BodyFacts {
  return under('token_request', tokenRequestFacts(objects));
}

/** A Binding puts a pod on a node, as the scheduler does. */
function bindingReader({ objects }: Written): BodyFacts {
  const node = firstText(objects, 'target', 'name');
  return under('pod', node === undefined ? undefined : { node_name: node });
}

function under<K extends keyof BodyFacts>(name: K, facts: BodyFacts[K] | undefined): BodyFacts {
  return facts === undefined ? NOTHING : { [name]: facts };
}

function workloadFacts({ objects }: Written): BodyFacts {
  const suspended = allAt(objects, 'spec', 'suspend');
  const facts: WorkloadFacts | undefined = present({
    replicas: firstInteger(objects, 'spec', 'replicas'),
    schedule: firstText(objects, 'spec', 'schedule'),
    suspended: suspended.includes(true) || undefined,
  });
  return under('workload', facts);
}

const CREDENTIAL_KEY =
  /passw(?:or)?d|secret|token|api[-_.]?key|access[-_.]?key|credential|private[-_.]?key|kubeconfig|\.(?:pem|key|p12|jks)$|^id_(?:rsa|ed25519|ecdsa)$/i;
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/;
/** As much of a value is looked at. */
const LONGEST_VALUE = 64 * 1024;

function configMapFacts(objects: readonly JsonObject[]): ConfigMapFacts | undefined {
  const entries = allAt(objects, 'data').filter(isObject).flatMap(Object.entries);
  return present({
    keys: distinct([
      ...entries.map(([key]) => key),
      ...allAt(objects, 'binaryData').filter(isObject).flatMap(Object.keys),
    ]),
    credential_keys: distinct(entries.filter(([key, value]) => holdsCredential(key, value)).map(([key]) => key)),
  });
}

function holdsCredential(key: string, value: unknown): boolean {
  const text = clip(stringOf(value) ?? '', LONGEST_VALUE);
  return CREDENTIAL_KEY.test(key) || PRIVATE_KEY.test(text) || hasInlineSecret(text);
}

function nodeFacts(objects: readonly JsonObject[]): NodeFacts | undefined {
  const taints = allAt(objects, 'spec', 'taints').filter(isObject);
  return present({
    unschedulable: allAt(objects, 'spec', 'unschedulable').find((value) => typeof value === 'boolean'),
    taints: distinct(taints.map(taintOf)),
  });
}

/** As kubectl writes it: `key=value:effect`. */
function taintOf(taint: JsonObject): string | undefined {
  const [key, value, effect] = ['key', 'value', 'effect'].map((name) => stringOf(taint[name]));
  return key === undefined ? undefined : `${key}${value === undefined ? '' : `=${value}`}:${effect ?? '?'}`;
}

const ARGO_SKIP = 'argocd.argoproj.io/skip-reconcile';
const FLUX_RECONCILE = 'kustomize.toolkit.fluxcd.io/reconcile';

function suspendsGitops({ objects, request, isPatch }: Written, resource: string): boolean {
  const isFlux = /^[a-z]+\.toolkit\.fluxcd\.io\//.test(resource);
  if (isFlux && allAt(objects, 'spec', 'suspend').includes(true)) return true;
  const isApplication = resource === 'argoproj.io/applications';
  if (isApplication && isPatch && takesAway(request, 'spec', 'syncPolicy', 'automated')) return true;
  const annotations = allAt(objects, 'metadata', 'annotations');
  return annotations.some((map) => at(map, ARGO_SKIP) === 'true' || at(map, FLUX_RECONCILE) === 'disabled');
}
