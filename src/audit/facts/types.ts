import type { BodyFacts } from './body-types.ts';
import type { LineFacts, SourceFacts } from './request-types.ts';

/**
 * The facts: everything under `kaudit.*` in a document, in the index's own spelling.
 * Absent means that the event does not say. FACTS_VERSION rises whenever a fact changes its meaning.
 */
export const FACTS_VERSION = 5;

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

/** What the event alone says. */
export interface EventFacts extends LineFacts, BodyFacts {
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
  /** `namespace/name`, or the name of a cluster-scoped object; of a generated name only where the answer is logged. */
  readonly object?: string;
  readonly source?: SourceFacts;
  readonly agent?: { readonly tool: string; readonly version?: string; readonly class: AgentClass };
  readonly uri: { readonly path: string };
  readonly authz?: { readonly role: string; readonly binding: string };
  readonly truncated?: boolean;
  /** Names of the facts, such as `rbac.subjects`, that hold only the first values of what the event says. */
  readonly cut?: readonly string[];
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

/** When it was, in UTC, so that a night or a weekend can be asked for. */
export interface TimeFacts {
  /** 0 to 23. */
  readonly hour: number;
  /** 1 is Monday, 7 is Sunday, as in ISO 8601. */
  readonly weekday: number;
}

/** What loading adds. */
export interface LoadFacts {
  readonly cluster?: string;
  /** Where sensitive values were taken out, such as `requestObject.data`. */
  readonly redacted?: readonly string[];
  readonly undated?: boolean;
  /** Of `@timestamp`; absent where the event has no time to believe. */
  readonly time?: TimeFacts;
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
