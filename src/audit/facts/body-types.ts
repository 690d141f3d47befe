/**
 * Facts of bodies: what an object that is written is, or what a patch makes of it. They need the level Request; a patch
 * is told whole only at RequestResponse. Lists hold at most 256 values (`kaudit.cut` names those that had more), and a text at most
 * 1024 characters.
 */
import type { RbacFacts } from './rbac-types.ts';

/** What a command line does, by its words. A hint: there are more ways to write a command than rules to read it. */
export type CommandClass =
  | 'reverse-shell'
  | 'miner'
  | 'download'
  | 'metadata-service'
  | 'credential-path'
  | 'file-copy'
  | 'shell'
  | 'inline-secret';

/** The lists of containers that a pod has. */
export type ContainerKind = 'containers' | 'init' | 'ephemeral';

export interface PodFacts {
  /**
   * Ways to take over the node, from all containers and volumes, as words of a short list: `privileged`, `host-network`,
   * `host-pid`, `host-ipc`, `host-process` (Windows), `host-path-root` and others, `cap-sys-admin` and others.
   */
  readonly dangerous?: readonly string[];
  /** Lists with a container that is dangerous by itself. */
  readonly dangerous_in?: readonly ContainerKind[];
  readonly images?: readonly string[];
  /** `docker.io` where the image names none. */
  readonly registries?: readonly string[];
  /** Registry and path, without tag and digest: `docker.io/library/nginx`. */
  readonly repositories?: readonly string[];
  /** `latest` where an image has neither tag nor digest. */
  readonly tags?: readonly string[];
  /** Images without a digest: what they are may change. */
  readonly unpinned_images?: readonly string[];
  readonly container_names?: readonly string[];
  /** Containers of all three kinds, in the body that has the most. */
  readonly containers?: number;
  /** Command and arguments of each container that names them, quoted as a shell would read them. */
  readonly commands?: readonly string[];
  readonly command_classes?: readonly CommandClass[];
  readonly privileged?: boolean;
  readonly privilege_escalation?: boolean;
  readonly host_network?: boolean;
  readonly host_pid?: boolean;
  readonly host_ipc?: boolean;
  readonly share_process_namespace?: boolean;
  /** Each in one spelling; at most 256. */
  readonly host_paths?: readonly string[];
  readonly host_ports?: readonly number[];
  /** In upper case, without `CAP_`. */
  readonly added_capabilities?: readonly string[];
  /** Protections that are switched off: `seccomp`, `apparmor`, `selinux`, `proc-mount`, `sysctl`. */
  readonly unconfined?: readonly string[];
  readonly run_as_root?: boolean;
  readonly service_account?: string;
  /** Secrets that it reads, by name: in variables, volumes, and to pull images. */
  readonly secrets?: readonly string[];
  /** Audiences of tokens that it has mounted; `(api-server)` where none is named. */
  readonly token_audiences?: readonly string[];
  /** `hostPath`, `gitRepo`, `secret` and the like. */
  readonly volume_types?: readonly string[];
  readonly ephemeral_images?: readonly string[];
  /** Containers that an ephemeral one looks into. */
  readonly ephemeral_targets?: readonly string[];
  /** A container has both stdin and a terminal. */
  readonly interactive?: boolean;
  /** The node that it names: in a create, past the scheduler. */
  readonly node_name?: string;
  readonly node_selectors?: readonly string[];
  readonly priority_class?: string;
  /** It runs on every node, whatever its taints. */
  readonly tolerates_all?: boolean;
  /** A kubelet's copy of a pod that lies as a file on its node. */
  readonly mirror?: boolean;
}

export interface MetaFacts {
  /** What the API server made its name of: `web-` of `web-x7k2q`. */
  readonly generate_name?: string;
  /** `ReplicaSet/web-7d9`; a pod without was made by hand. */
  readonly owners?: readonly string[];
  /** Tools that its labels and annotations name as its manager: `argocd`, `flux`, `helm` and the like. */
  readonly managers?: readonly string[];
  /** What a patch does to its finalizers; `written` may shorten them, since what was there is not in the event. */
  readonly finalizers?: 'written' | 'removed';
  /** A patch takes owner references away. */
  readonly owners_removed?: boolean;
  /** It asks to be let past an image policy. */
  readonly break_glass?: boolean;
}

export interface WorkloadFacts {
  readonly replicas?: number;
  /** Of a CronJob. */
  readonly schedule?: string;
  readonly suspended?: boolean;
}

export interface ServiceFacts {
  readonly type?: string;
  readonly external_ips?: readonly string[];
  readonly node_ports?: readonly number[];
  readonly ports?: readonly number[];
  /** The name outside that a Service of type ExternalName leads to. */
  readonly external_name?: string;
  /** Addresses that a load balancer lets in. */
  readonly source_ranges?: readonly string[];
  /** Addresses and names that its status says it has outside. */
  readonly ingress?: readonly string[];
  readonly selectors?: readonly string[];
}

export interface IngressFacts {
  readonly hosts?: readonly string[];
  /** Hosts that no TLS entry covers; `*` is a rule for any host. */
  readonly plain_hosts?: readonly string[];
  readonly tls?: boolean;
  readonly class?: string;
  /** `service:port` that it leads to. */
  readonly backends?: readonly string[];
  /** Annotations that put text into the proxy's own configuration. */
  readonly snippets?: readonly string[];
}

/** Of admission webhooks, and of the conversion webhook of a CustomResourceDefinition. */
export interface WebhookFacts {
  readonly names?: readonly string[];
  /** `namespace/service/path`, or the URL. */
  readonly targets?: readonly string[];
  /** A target is a URL. */
  readonly by_url?: boolean;
  readonly failure_policies?: readonly string[];
  /** `group/resource:operation` that is sent to it. */
  readonly intercepts?: readonly string[];
  /** What leaves objects out: `namespace-selector`, `object-selector`, `match-conditions`. */
  readonly exempts?: readonly string[];
}

export interface ApiServiceFacts {
  /** `namespace/service` that answers for the group; absent for those that are built in. */
  readonly target?: string;
  /** Its certificate is not checked. */
  readonly insecure?: boolean;
}

export interface AdmissionPolicyFacts {
  /** The policy that a binding binds. */
  readonly policy?: string;
  /** What a binding does where the policy is broken: Deny, Warn, Audit. */
  readonly actions?: readonly string[];
  readonly failure_policy?: string;
}

export interface CsrFacts {
  readonly signer?: string;
  readonly usages?: readonly string[];
  /** Common name of the certificate: the user name that it gives. */
  readonly common_name?: string;
  /** Organizations of the certificate: the groups that it gives. */
  readonly organizations?: readonly string[];
  /** The request cannot be read as one PKCS#10 request in PEM. */
  readonly unreadable?: boolean;
  readonly expiration_seconds?: number;
  /** Who asked, as the API server noted it. */
  readonly requester?: string;
  /** Types of its conditions: Approved, Denied, Failed. */
  readonly conditions?: readonly string[];
}

export interface NetworkPolicyFacts {
  /**
   * What it lets through without bounds, or to nearly all: `ingress-from-anywhere`, `ingress-from-all-namespaces`, `egress-to-anywhere`,
   * `egress-to-all-namespaces`.
   */
  readonly openings?: readonly string[];
  readonly cidrs?: readonly string[];
  readonly types?: readonly string[];
  /** It holds for every pod of the namespace. */
  readonly all_pods?: boolean;
}

export interface NamespaceFacts {
  /** Pod Security labels that are written: `enforce=restricted`. */
  readonly pod_security?: readonly string[];
  /** Pod Security labels that a patch takes away: `enforce`. */
  readonly pod_security_removed?: readonly string[];
}

export interface DisruptionBudgetFacts {
  readonly min_available?: string;
  readonly max_unavailable?: string;
}

export interface PersistentVolumeFacts {
  /** `hostPath`, `local`, `csi` and the like. */
  readonly type?: string;
  readonly path?: string;
  /** Ways to take over the node by it, as of pods. */
  readonly dangerous?: readonly string[];
  /** `namespace/name` of the claim that may bind it. */
  readonly claim?: string;
}

export interface ConfigMapFacts {
  readonly keys?: readonly string[];
  /** Keys whose name or value looks like a credential. */
  readonly credential_keys?: readonly string[];
}

export interface NodeFacts {
  readonly unschedulable?: boolean;
  /** `key=value:effect`. */
  readonly taints?: readonly string[];
}

/** What a request for a service account's token asks for. */
export interface TokenRequestFacts {
  readonly audiences?: readonly string[];
  readonly expiration_seconds?: number;
  /** `Pod/name`: the token dies with it. */
  readonly bound_to?: string;
}

/** What an access or token review asks, and its answer. */
export interface ReviewFacts {
  /** `group/resource/subresource`. */
  readonly resource?: string;
  readonly verb?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string;
  /** Who it is about; absent where that is who asks. */
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly allowed?: boolean;
  readonly authenticated?: boolean;
}

export type BodyState = 'missing' | 'partial';

/** What the bodies of a write say. */
export interface BodyFacts {
  /**
   * What the bodies of a write leave untold, although its level is Request or above. `missing`: it succeeded and has
   * none, as a truncated event. `partial`: a JSON Patch that copies or moves, or a patch of a role or binding that does
   * not name the one role or the rest of a rule; or a custom resource too large to be looked through.
   */
  readonly body?: BodyState;
  readonly rbac?: RbacFacts;
  readonly pod?: PodFacts;
  readonly meta?: MetaFacts;
  readonly workload?: WorkloadFacts;
  readonly service?: ServiceFacts;
  readonly ingress?: IngressFacts;
  readonly webhook?: WebhookFacts;
  readonly api_service?: ApiServiceFacts;
  readonly admission_policy?: AdmissionPolicyFacts;
  readonly csr?: CsrFacts;
  readonly network_policy?: NetworkPolicyFacts;
  readonly namespace?: NamespaceFacts;
  /** `requests.cpu=10` of a ResourceQuota. */
  readonly quota?: readonly string[];
  /** `Container.max.cpu=2` of a LimitRange. */
  readonly limits?: readonly string[];
  readonly disruption_budget?: DisruptionBudgetFacts;
  readonly persistent_volume?: PersistentVolumeFacts;
  /** A claim of devices asks for access to all of them. */
  readonly admin_access?: boolean;
  readonly config_map?: ConfigMapFacts;
  readonly node?: NodeFacts;
  /** Who holds a Lease. */
  readonly lease_holder?: string;
  /** An object of Flux or Argo CD is told to stop reconciling. */
  readonly gitops_suspended?: boolean;
  readonly token_request?: TokenRequestFacts;
  readonly review?: ReviewFacts;
  /** Names of the keys of a Secret; never their values. */
  readonly secret_keys?: readonly string[];
  /** Type of a Secret that is written, such as `kubernetes.io/service-account-token`. */
  readonly secret_type?: string;
}
