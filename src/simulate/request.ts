import type { Level, Stage } from '../audit/event.ts';
import type { JsonObject } from '../shared/json.ts';
import { annotationsOf, type Grant } from './annotations.ts';
import { answerTo, sentBy } from './bodies.ts';
import { pathOf } from './paths.ts';
import { nameUuid, type Random } from './random.ts';
import { statusOf } from './status.ts';

export interface Actor {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly ip: string;
  /** Addresses that its headers claim: the API server puts them before the peer's own. */
  readonly claims?: readonly string[];
  readonly agent: string;
  /** Why its requests are allowed; absent where no role decides. */
  readonly grant?: Grant;
}

export interface Ref {
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly subresource?: string;
}

export type Body = JsonObject | readonly JsonObject[];

/** What a client asks of the API server and what becomes of it. */
export interface SimulatedRequest {
  readonly actor: Actor;
  readonly verb: string;
  readonly uri: string;
  readonly ref?: Ref;
  readonly code: number;
  /** Why it was allowed, where it is not by what the actor holds. */
  readonly reason?: string;
  /** What admission or a check behind it says, where it and not the authorizer refuses (403). */
  readonly refusal?: string;
  /** Annotations of its own, beside those of authorization and latency. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly impersonated?: { readonly username: string; readonly groups: readonly string[] };
  /** An object, or the operations of a JSON patch. */
  readonly body?: Body;
  readonly latencyMicros: number;
  /** A watch or session: it starts at once and completes after so many milliseconds. */
  readonly lastsMs?: number;
}

export type LevelChoice = 'metadata' | 'mixed' | 'request' | 'requestresponse';
export const LEVEL_CHOICES: readonly LevelChoice[] = ['metadata', 'mixed', 'request', 'requestresponse'];

/**
 * Bodies that a sensible policy logs: those of roles, bindings, what makes pods, and what guards or opens a cluster.
 * Never those of secrets and ConfigMaps, nor the tokens that kubelets ask for all day.
 */
const LOGGED_BODIES = new Set([
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
  'pods',
  'pods/ephemeralcontainers',
  'deployments',
  'daemonsets',
  'statefulsets',
  'jobs',
  'cronjobs',
  'services',
  'ingresses',
  'namespaces',
  'persistentvolumes',
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'certificatesigningrequests',
]);
const TOKENS = 'serviceaccounts/token';

function levelOf({ actor, ref, verb }: SimulatedRequest, choice: LevelChoice): Level {
  switch (choice) {
    case 'metadata':
      return 'Metadata';
    case 'requestresponse':
      return 'RequestResponse';
    case 'request':
      return 'Request';
    case 'mixed': {
      const writes = verb === 'create' || verb === 'update' || verb === 'patch';
      const target = ref?.subresource === undefined ? ref?.resource : `${ref.resource}/${ref.subresource}`;
      if (!writes || target === undefined) return 'Metadata';
      const isLogged = LOGGED_BODIES.has(target) || (target === TOKENS && !actor.groups.includes('system:nodes'));
      return isLogged ? 'Request' : 'Metadata';
    }
  }
}

/** One event, ready to be written. */
export interface SimulatedEvent {
  /** Stage time, in microseconds since 1970. */
  readonly micros: number;
  /** When its request came, likewise. */
  readonly received: number;
  readonly line: string;
  readonly level: Level;
  readonly stage: Stage;
  readonly auditID: string;
  readonly terminal: boolean;
}

/** The events of a request whose first event is due at a time (microseconds): one, or two for what is long-running. */
export function eventsOf(
  request: SimulatedRequest,
  micros: number,
  choice: LevelChoice,
  random: Random,
): readonly SimulatedEvent[] {
  const auditID = random.uuid();
  const level = levelOf(request, choice);
  const received = micros - request.latencyMicros;
  const write = (stage: Stage, staged: number, terminal: boolean): SimulatedEvent => {
    const line = eventLine(request, { auditID, stage, level, received, staged });
    return { micros: staged, received, line, level, stage, auditID, terminal };
  };
  // A 401 is written at ResponseStarted only: the request never gets as far as a completion.
  if (request.code === 401) return [write('ResponseStarted', micros, true)];
  if (request.lastsMs === undefined) return [write('ResponseComplete', micros, true)];
  return [write('ResponseStarted', micros, false), write('ResponseComplete', micros + request.lastsMs * 1000, true)];
}

interface Writing {
  readonly auditID: string;
  readonly stage: Stage;
  readonly level: Level;
  readonly received: number;
  readonly staged: number;
}

/** Members in the order of the API server's own struct (audit.k8s.io/v1 Event). */
function eventLine(request: SimulatedRequest, { auditID, stage, level, received, staged }: Writing): string {
  const { actor, code, impersonated, ref, uri, verb } = request;
  const completed = stage === 'ResponseComplete';
  const { user, from } = identityOf(actor);
  return [
    `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"${level}","auditID":"${auditID}","stage":"${stage}"`,
    member('requestURI', uri),
    `,"verb":"${verb}","user":${code === 401 ? '{}' : user}`,
    member('impersonatedUser', impersonated),
    from,
    member('objectRef', ref && objectRef(ref, verb === 'update' ? received : undefined)),
    member('responseStatus', statusOf(request)),
    level === 'Metadata' ? '' : member('requestObject', sentBy(request)),
    level === 'RequestResponse' && completed ? member('responseObject', answerTo(request)) : '',
    `,"requestReceivedTimestamp":"${microTime(received)}","stageTimestamp":"${microTime(staged)}"`,
    member('annotations', annotationsOf(request, completed)),
    '}',
  ].join('');
}

function member(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${goJson(value)}`;
}

/** What is the same in all events of an actor, written once. */
const identities = new WeakMap<Actor, { readonly user: string; readonly from: string }>();

function identityOf(actor: Actor): { readonly user: string; readonly from: string } {
  const known = identities.get(actor);
  if (known !== undefined) return known;
  const { username, uid, groups, extra, ip, claims = [], agent } = actor;
  const identity = {
    user: goJson({ username, uid, groups, extra }),
    from: `${member('sourceIPs', [...claims, ip])}${member('userAgent', agent)}`,
  };
  identities.set(actor, identity);
  return identity;
}

/** An update sends the object whole, and with it which object, at which version, it was. */
function objectRef({ subresource, ...object }: Ref, updatedAt: number | undefined): JsonObject {
  return {
    resource: object.resource,
    namespace: object.namespace,
    name: object.name,
    uid: updatedAt === undefined ? undefined : nameUuid(pathOf(object)),
    apiGroup: object.apiGroup,
    apiVersion: object.apiVersion ?? 'v1',
    // Grows with time, as etcd's revision does.
    resourceVersion: updatedAt === undefined ? undefined : String(Math.floor(updatedAt / 250_000)),
    subresource,
  };
}

/** `2026-03-02T09:41:07.123456Z`: six digits, always. */
function microTime(micros: number): string {
  const second = Math.floor(micros / 1_000_000);
  return `${secondText(second)}.${String(1_000_000 + micros - second * 1_000_000).slice(1)}Z`;
}

/** The last second that was written: neighbours in a log share it, and Date is slow. */
const written = { second: 0, text: '1970-01-01T00:00:00' };

function secondText(second: number): string {
  if (second !== written.second) {
    written.second = second;
    written.text = new Date(second * 1000).toISOString().slice(0, 19);
  }
  return written.text;
}

/** JSON as Go's encoder writes it: `<`, `>`, `&` and two line separators are escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeAsGo) : text;
}

function escapeAsGo(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
