/**
 * The facts: everything under `kaudit.*` in a document, in the index's own spelling.
 * Absent means that the event does not say. FACTS_VERSION rises whenever a fact changes its meaning.
 */
export const FACTS_VERSION = 2;

export type ActorType =
  | 'person'
  | 'serviceaccount'
  | 'node'
  | 'control-plane'
  | 'bootstrap'
  | 'system'
  | 'anonymous'
  | 'none';

/**
 * What the request does, whatever its verb: `connect` is exec, attach, portforward and proxy, `review` asks for a
 * verdict, and the eviction of a pod is a `delete`.
 */
export type Action = 'read' | 'list' | 'watch' | 'write' | 'delete' | 'connect' | 'review';

/** Which gate let the request through or stopped it. */
export type Outcome =
  | 'success'
  | 'authentication'
  | 'authorization'
  | 'admission'
  | 'conflict'
  | 'throttled'
  | 'client'
  | 'server';

export type AgentClass = 'cli' | 'controller' | 'library' | 'script' | 'browser' | 'probe' | 'unknown';

export interface ActorFacts {
  readonly type: ActorType;
  /** The effective user name: the impersonated one where there is impersonation. */
  readonly name?: string;
  /** Namespace of a service account. */
  readonly namespace?: string;
  /** Node of a kubelet, or the node that a pod's token is bound to. */
  readonly node?: string;
  /** Pod that a token is bound to. */
  readonly pod?: string;
  /** Who impersonated. */
  readonly impersonator?: string;
}

export interface ExecFacts {
  /** The command that was started, quoted as a shell would read it. */
  readonly command?: string;
  readonly container?: string;
  readonly tty: boolean;
  readonly stdin: boolean;
}

export interface RbacFacts {
  /** `group/resource:verb` for each pair within one rule; `*` is kept, `?` is what a patch does not say; at most 256. */
  readonly grants?: readonly string[];
  readonly dangerous?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly string[];
  /** `User/alice`, `Group/dev`, `ServiceAccount/namespace/name` of a binding; `?` as above. */
  readonly subjects?: readonly string[];
  /** Name of the role that a binding grants. */
  readonly role?: string;
}

export interface PodFacts {
  /**
   * Ways to take over the node, from all containers and volumes, as words of a short list: `privileged`, `host-network`,
   * `host-pid`, `host-ipc`, `host-process` (Windows), `host-path-root` and others, `cap-sys-admin` and others.
   */
  readonly dangerous?: readonly string[];
  readonly images?: readonly string[];
  readonly privileged?: boolean;
  readonly host_network?: boolean;
  readonly host_pid?: boolean;
  readonly host_ipc?: boolean;
  /** Each in one spelling; at most 256. */
  readonly host_paths?: readonly string[];
  readonly added_capabilities?: readonly string[];
  readonly run_as_root?: boolean;
  readonly service_account?: string;
}

/** What the event alone says. */
export interface EventFacts {
  /** True for the one event of a request that tells how it ended; counting these counts requests. */
  readonly terminal: boolean;
  readonly actor: ActorFacts;
  readonly action: Action;
  readonly mutating: boolean;
  readonly dry_run?: boolean;
  readonly decision?: string;
  readonly outcome?: Outcome;
  /** The outcome in ECS words: success, failure or unknown. */
  readonly result: 'success' | 'failure' | 'unknown';
  /** From received to this stage, in microseconds. */
  readonly latency_us?: number;
  /** `apps/deployments/scale`; the core group has no prefix. */
  readonly resource?: string;
  /** `namespace/name`, or the name of a cluster-scoped object. */
  readonly object?: string;
  /** The last source IP: the peer that the API server saw. The others are claims of the client. */
  readonly source?: { readonly ip: string };
  readonly agent?: { readonly tool: string; readonly version?: string; readonly class: AgentClass };
  readonly uri: { readonly path: string };
  readonly exec?: ExecFacts;
  /**
   * What the bodies of a write leave untold, although its level is Request or above. `missing`: it succeeded and has
   * none, as a truncated event. `partial`: a JSON Patch that copies or moves, or a patch of a role or binding that does
   * not name the role or the rest of a rule.
   */
  readonly body?: 'missing' | 'partial';
  readonly rbac?: RbacFacts;
  readonly pod?: PodFacts;
  readonly service?: { readonly type: string };
  /** Names of the keys of a Secret; never their values. */
  readonly secret_keys?: readonly string[];
  /** Type of a Secret that is written, such as `kubernetes.io/service-account-token`. */
  readonly secret_type?: string;
  readonly authz?: { readonly role: string; readonly binding: string };
  readonly truncated?: boolean;
}

/** Why an event had to be indexed without its own structure. */
export type Degraded = 'refused-by-server' | 'reserved-key' | 'invalid-utf8';

/** Where an event was read from, and what its wrapping says beside it. */
export interface OriginFacts {
  readonly file: string;
  readonly offset: number;
  /** What it was wrapped in, from the outside to the inside: `Event`, `cri`, `elasticsearch/filebeat`. */
  readonly format: string;
  readonly cluster?: string;
  readonly log_group?: string;
  readonly log_stream?: string;
  readonly node?: string;
  readonly pod?: string;
  /** The wrapping's own time, which is when something took the event in. */
  readonly received?: string;
  /** Members of the event that its source does not have and a converter had to work out. */
  readonly inferred?: readonly string[];
}

/** What loading adds. */
export interface LoadFacts {
  readonly cluster?: string;
  /** Where sensitive values were taken out, such as `requestObject.data`. */
  readonly redacted?: readonly string[];
  readonly undated?: boolean;
  readonly degraded?: Degraded;
  /** The event as read (redacted), where the document could not carry it as structure. */
  readonly raw?: string;
  /** The `_id` of the document with the same identity and other content. */
  readonly variant_of?: string;
  readonly hash: string;
  readonly ingested: string;
  readonly version: number;
  readonly origin: OriginFacts;
}

export type Facts = EventFacts & LoadFacts;
