/** Which of our investigations answers what a rule of theirs asks. */
import type { RunOptions } from 'kaudit';
import type { Case } from './cases.ts';
import { earlier, isJson } from './repair.ts';

/** Another product's rule in our words. */
export interface Rule {
  /** The first that reports it is enough. */
  readonly asks: readonly string[];
  /** Where our question is wider or narrower than theirs. */
  readonly differs?: string;
  readonly parameters?: Parameters | ((one: Case) => Parameters);
  /** What the cluster is to have seen before. */
  readonly history?: (one: Case) => readonly ReturnType<typeof earlier>[];
}

export type Parameters = RunOptions['parameters'];

/** A rule of theirs that no investigation is to answer, and why. */
export interface OutOfScope {
  readonly because: string;
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
/** Where the nodes of their example clusters stand; a user knows those of one's own. */
const NODES = ['54.212.0.0/16', '20.127.0.0/16', '52.152.0.0/16'];
/** Stands for a list that has other addresses: a parameter without values would ask for all. */
const NOWHERE = '192.0.2.1';

const PANTHER: Readonly<Record<string, Rule>> = {
  'Amazon.EKS.AnonymousAPIAccess': {
    asks: ['anonymous-traffic'],
    differs: 'Health checks are told by their private address; theirs wants the user agent as well.',
    parameters: { exceptSources: PRIVATE },
  },
  'Amazon.EKS.Audit.Multiple403': { asks: ['requests-forbidden'], parameters: { sources: ['public'] } },
  'GCP.GKE.Kubernetes.Cron.Job.Created.Or.Modified': {
    asks: ['job-or-cronjob-changed'],
    parameters: { kinds: ['cronjobs'] },
  },
  'GCP.K8S.Privileged.Pod.Created': { asks: ['privileged-pod-created'] },
  'GCP.K8S.Service.Type.NodePort.Deployed': { asks: ['service-exposed-nodeport'] },
  'GCP.K8s.IOC.Activity': { asks: ['public-source-ip'], parameters: torExits },
  'GCP.K8s.New.Daemonset.Deployed': { asks: ['workload-created'], parameters: { kinds: ['daemonsets'] } },
  'GCP.K8s.Pod.Attached.To.Node.Host.Network': { asks: ['host-namespace-pod'] },
  'Kubernetes.API.IOC.Activity': { asks: ['public-source-ip'], parameters: torExits },
  'Kubernetes.API.Multiple403.PublicIP': { asks: ['requests-forbidden'], parameters: { sources: ['public'] } },
  'Kubernetes.AdmissionController.Created': {
    asks: ['admission-webhook-changed'],
    differs: 'Wider: also changes and deletions.',
  },
  'Kubernetes.ClientCertificate.Created': {
    asks: ['csr-created-or-approved'],
    parameters: { signers: ['kubernetes.io/kube-apiserver-client'] },
  },
  'Kubernetes.CronJob.CreatedOrModified': {
    asks: ['job-or-cronjob-changed'],
    differs: 'Wider: also deletions.',
    parameters: { kinds: ['cronjobs'] },
  },
  'Kubernetes.DaemonSet.Created': { asks: ['workload-created'], parameters: { kinds: ['daemonsets'] } },
  'Kubernetes.Pod.Exec': { asks: ['exec-into-pod'], differs: 'Wider: also attach.' },
  'Kubernetes.Pod.Host.IPC': { asks: ['host-namespace-pod'], differs: 'Wider: any namespace of the node.' },
  'Kubernetes.Pod.Host.Network': { asks: ['host-namespace-pod'], differs: 'Wider: any namespace of the node.' },
  'Kubernetes.Pod.Host.PID': { asks: ['host-namespace-pod'], differs: 'Wider: any namespace of the node.' },
  'Kubernetes.Pod.Privileged.Created': { asks: ['privileged-pod-created'] },
  'Kubernetes.Pod.SystemNamespace': {
    asks: ['pod-in-reserved-namespace'],
    differs: 'Wider: also workloads, whose pods land there.',
    parameters: { namespaces: ['kube-system', 'kube-public', 'kube-node-lease', 'gke-system'] },
  },
  'Kubernetes.Role.NodeProxyPermissions': {
    asks: ['role-sensitive-permissions'],
    differs: 'Wider: also changes of a role.',
    parameters: { dangers: ['node-proxy'] },
  },
  'Kubernetes.Role.Wildcard': { asks: ['role-wildcard', 'role-everything'], differs: 'Wider: also changes of a role.' },
  'Kubernetes.Secret.AccessDenied': {
    asks: ['secret-access-denied'],
    differs: 'Wider: also list and watch. Narrower: refusals only.',
  },
  'Kubernetes.Service.NodePort.Deployed': { asks: ['service-exposed-nodeport'] },
  'Kubernetes.ServiceAccount.TokenCreated': { asks: ['service-account-token-created'] },
  'Kubernetes.System.Principal.PublicIP': {
    asks: ['system-identity-from-public-ip'],
    parameters: { exceptSources: NODES },
  },
};

const FALCO: Readonly<Record<string, Rule>> = {
  'Anonymous Request Allowed': { asks: ['anonymous-request-allowed'] },
  'Attach to cluster-admin Role': { asks: ['cluster-admin-bound'] },
  'Attach/Exec Pod': { asks: ['exec-into-pod'] },
  'ClusterRole With Pod Exec Created': { asks: ['role-sensitive-permissions'], parameters: { dangers: ['pod-exec'] } },
  'ClusterRole With Wildcard Created': { asks: ['role-wildcard', 'role-everything'] },
  'ClusterRole With Write Privileges Created': {
    asks: ['dangerous-role-written'],
    differs: 'Narrower: rights that lead to more rights.',
  },
  'Create Disallowed Namespace': { asks: ['namespace-created'] },
  'Create Disallowed Pod': { asks: ['disallowed-image'] },
  'Create Privileged Pod': { asks: ['privileged-pod-created'] },
  'Create Sensitive Mount Pod': { asks: ['host-path-volume'], differs: 'Wider: any path of the node.' },
  'Disallowed K8s User': {
    asks: ['new-actor'],
    differs: 'What was seen before stands for their list.',
    history: users,
  },
  'K8s ConfigMap Created': { asks: ['config-changes'], differs: 'Wider: also Secrets, and changes.' },
  'K8s ConfigMap Deleted': { asks: ['config-changes'], differs: 'Wider: also Secrets, and changes.' },
  'K8s Deployment Created': { asks: ['workload-created'], parameters: { kinds: ['deployments'] } },
  'K8s Deployment Deleted': { asks: ['workload-deleted'], parameters: { kinds: ['deployments'] } },
  'K8s Namespace Created': { asks: ['namespace-created'] },
  'K8s Role/Clusterrole Created': { asks: ['rbac-changed'], differs: 'Wider: any change of RBAC.' },
  'K8s Role/Clusterrole Deleted': { asks: ['rbac-changed'], differs: 'Wider: any change of RBAC.' },
  'K8s Secret Created': { asks: ['secret-changed'], differs: 'Wider: also changes.' },
  'K8s Secret Deleted': { asks: ['secrets-deleted'] },
  'K8s Service Created': { asks: ['recent-changes'], parameters: { resources: ['services'] } },
  'K8s Service Deleted': { asks: ['workload-deleted'], parameters: { kinds: ['services'] } },
  'K8s Serviceaccount Created': { asks: ['serviceaccount-changed'] },
  'Pod Created in Kube Namespace': { asks: ['pod-in-reserved-namespace'] },
  'Service Account Created in Kube Namespace': { asks: ['serviceaccount-in-system-namespace'] },
  'System ClusterRole Modified/Deleted': { asks: ['system-role-changed'] },
};

const STRATUS: Readonly<Record<string, Rule>> = {
  'eks.persistence.backdoor-aws-auth-configmap': { asks: ['cloud-auth-map-changed'] },
  'k8s.credential-access.dump-secrets': { asks: ['secret-list-cluster-wide'] },
  'k8s.credential-access.steal-serviceaccount-token': { asks: ['pod-exec-sensitive-file'] },
  'k8s.privilege-escalation.nodes-proxy': { asks: ['node-proxy-use'] },
  'k8s.privilege-escalation.privileged-pod': { asks: ['privileged-pod-created'] },
};

/** What answers Falco's warnings: none may report what none of Falco's rules reports. */
const WARNINGS = [
  'anonymous-request-allowed',
  'cluster-admin-bound',
  'configmap-with-credentials',
  'disallowed-image',
  'exec-into-pod',
  'host-namespace-pod',
  'host-path-volume',
  'pod-in-reserved-namespace',
  'privileged-pod-created',
  'role-wildcard',
  'service-exposed-nodeport',
  'system-role-changed',
];

/** What else the name of such a case says it is about. */
const ABOUT: Readonly<Record<string, Partial<Rule> & Pick<Rule, 'asks'>>> = {
  create_kube_system_secret: { asks: ['secret-changed'] },
  user_in_allowed_set: { asks: ['new-actor'], history: users },
};

const OUT_OF_SCOPE: Readonly<Record<string, OutOfScope>> = {
  json_pointer_example: { because: 'A rule with which Falco tests its own parser; it asks nothing of a cluster.' },
};

/** Undefined: a rule that nobody has looked at yet. */
export function ruleOf({ rule, test }: Case): Rule | OutOfScope | undefined {
  if (rule !== undefined) return PANTHER[rule] ?? FALCO[rule] ?? STRATUS[rule] ?? OUT_OF_SCOPE[rule];
  const about = ABOUT[test ?? ''];
  return { ...about, asks: [...WARNINGS, ...(about?.asks ?? [])] };
}

/** The list of a user who knows the exits of Tor: Panther hands it over beside the event. */
function torExits({ event }: Case): Parameters {
  const enrichment = event['p_enrichment'];
  const exits: unknown = isJson(enrichment) ? enrichment['tor_exit_nodes'] : undefined;
  return { addresses: Array.isArray(exits) ? exits.map(String) : [NOWHERE] };
}

/** Somebody, and whom their list allows. */
function users({ event, lists }: Case): readonly ReturnType<typeof earlier>[] {
  const allowed = lists.flatMap((file) => /^allow_user_(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return ['alice@example.com', ...allowed].map((name) => earlier(event, name));
}
