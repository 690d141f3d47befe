/** Facts of a request's own line: its URI, annotations and status. They are there at every level. */
import type { CommandClass } from './body-types.ts';

/** Of an address: https://www.iana.org/assignments/iana-ipv4-special-registry; shared space (100.64/10) counts as private. */
export type AddressScope = 'loopback' | 'link-local' | 'private' | 'public';

export interface SourceFacts {
  readonly ip: string;
  readonly scope: AddressScope;
  /** Addresses that the client's headers claim, before the last one. */
  readonly claims?: number;
  readonly claimed_scopes?: readonly AddressScope[];
  /** A claimed address is not the peer's. */
  readonly claims_differ?: boolean;
}

export interface ExecFacts {
  /** The command that was started, quoted as a shell would read it. */
  readonly command?: string;
  /** Name of the program, without its folder. */
  readonly program?: string;
  readonly classes?: readonly CommandClass[];
  readonly container?: string;
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** Of a list or watch. */
export interface ListFacts {
  /** It returns all there is: a list without a limit, or a watch that begins with what is there. */
  readonly full?: boolean;
  readonly limit?: number;
  /** A later page of a list. */
  readonly continued?: boolean;
  /** As the client gave it; `0` is any version, and absent the most recent one. */
  readonly resource_version?: string;
}

/** How an object is written. */
export interface WriteFacts {
  readonly field_manager?: string;
  /** Server-side apply that takes fields from other managers. */
  readonly forced?: boolean;
}

export interface DeleteFacts {
  /** Foreground, Background or Orphan. */
  readonly propagation?: string;
  /** 0 is at once, without a chance to end in order. */
  readonly grace_seconds?: number;
  /** An object that could not be read was deleted without its finalizers. */
  readonly unsafe?: boolean;
}

export interface LogReadFacts {
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tail_lines?: number;
}

/** Of a request that the API server passes on to a node, pod or Service. */
export interface ProxyFacts {
  /** Name of the node, pod or Service, without scheme and port. */
  readonly target?: string;
  readonly port?: string;
  readonly path?: string;
  /** Which door of a kubelet: `run`, `exec`, `containerLogs`, `checkpoint`, `metrics` and the like. */
  readonly kubelet?: string;
}

/** What turned a request down. */
export type Gate =
  | 'webhook'
  | 'webhook-failed'
  | 'policy'
  | 'pod-security'
  | 'quota'
  | 'limit-range'
  | 'rbac-escalation'
  | 'node-restriction'
  | 'node-relationship'
  | 'namespace-terminating'
  | 'disruption-budget'
  | 'flow-control'
  | 'impersonation';

export interface RejectedFacts {
  readonly gate: Gate;
  /** Name of the webhook, policy, quota or level. */
  readonly by?: string;
  /** Binding of the policy. */
  readonly binding?: string;
}

/** What admission did to a request that went through, by its annotations. */
export interface AdmissionFacts {
  readonly mutated_by?: readonly string[];
  /** Webhooks that failed and were passed over. */
  readonly failed_open?: readonly string[];
  /** Policies that were broken and did not deny. */
  readonly policy_failures?: readonly string[];
}

export interface PodSecurityVerdict {
  /** `restricted:latest`: the level that was enforced. */
  readonly enforced?: string;
  readonly violations?: string;
  /** Why it was exempt: user, namespace or runtimeClass. */
  readonly exempt?: string;
}

/** Parts of a slow request's time, in microseconds; the API server notes them above half a second. */
export type LatencyFacts = { readonly [Part in LatencyPart as `${Part}_us`]?: number };

export const LATENCY_PARTS = [
  'total',
  'etcd',
  'mutating_webhook',
  'validating_webhook',
  'apf_queue_wait',
  'authentication',
  'authorization',
  'impersonation',
  'decode_response_object',
  'transform_response_object',
  'serialize_response_object',
  'response_write',
] as const;
export type LatencyPart = (typeof LATENCY_PARTS)[number];

/** Of an API that is deprecated or gone. */
export interface ApiFacts {
  readonly deprecated: true;
  /** The first release without it, such as 1.25. */
  readonly removed_release?: string;
}

/** Of the token that was used or issued. */
export interface TokenFacts {
  /** `JTI=…` of the token that was issued; the same in `credential` is its use. */
  readonly issued_id?: string;
  /** `legacy`, `auto-generated`, `manual`, `invalidated`, `stale`. */
  readonly warnings?: readonly string[];
  /** `namespace/name` of the Secret that a legacy token lies in. */
  readonly secret?: string;
}

export interface UriFacts {
  readonly exec?: ExecFacts;
  readonly list?: ListFacts;
  readonly write?: WriteFacts;
  readonly delete?: DeleteFacts;
  readonly log_read?: LogReadFacts;
  /** Ports of a WebSocket's port-forward; those of SPDY are in its stream, which is not logged. */
  readonly port_forward?: { readonly ports: readonly number[] };
  readonly proxy?: ProxyFacts;
}

export interface AnnotationFacts {
  readonly admission?: AdmissionFacts;
  readonly pod_security?: PodSecurityVerdict;
  readonly latency?: LatencyFacts;
  readonly api?: ApiFacts;
  readonly token?: TokenFacts;
  /** `missing-san/host` or `insecure-sha1/host` of a server's certificate that the API server met. */
  readonly weak_certificates?: readonly string[];
}

/** What the URI, annotations, identity and status of one event say. */
export interface LineFacts extends UriFacts, AnnotationFacts {
  readonly rejected?: RejectedFacts;
  /** First line of what a server error (5xx) says; a panic's message goes on with its stack. */
  readonly failure?: string;
  /** Id of the credential: `JTI=…` of a token, `X509SHA256=…` of a client certificate. */
  readonly credential?: string;
  /** Keys of the extra fields that are impersonated. */
  readonly impersonated_extra?: readonly string[];
}
