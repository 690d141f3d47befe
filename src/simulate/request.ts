import type { JsonObject, Level, Stage } from '../audit/event.ts';
import type { Random } from './random.ts';

export interface Actor {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly ip: string;
  readonly agent: string;
}

export interface Ref {
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly subresource?: string;
}

/** What a client asks of the API server and what becomes of it. */
export interface SimulatedRequest {
  readonly actor: Actor;
  readonly verb: string;
  readonly uri: string;
  readonly ref?: Ref;
  readonly code: number;
  /** Sent with failures. */
  readonly message?: string;
  /** Absent: what the code says. */
  readonly decision?: 'allow' | 'forbid' | 'none';
  readonly reason?: string;
  readonly impersonated?: { readonly username: string; readonly groups: readonly string[] };
  readonly body?: unknown;
  readonly response?: JsonObject;
  readonly latencyMicros: number;
  /** A watch or session: it starts at once and completes after so many milliseconds. */
  readonly lastsMs?: number;
}

export type LevelChoice = 'metadata' | 'mixed' | 'request' | 'requestresponse';
export const LEVEL_CHOICES: readonly LevelChoice[] = ['metadata', 'mixed', 'request', 'requestresponse'];

/** Bodies that a sensible policy logs: those of roles, bindings and what makes pods. Never those of secrets. */
const LOGGED_BODIES = new Set([
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
  'pods',
  'deployments',
  'daemonsets',
  'statefulsets',
  'jobs',
  'cronjobs',
]);

function levelOf({ ref, verb }: SimulatedRequest, choice: LevelChoice): Level {
  switch (choice) {
    case 'metadata':
      return 'Metadata';
    case 'requestresponse':
      return 'RequestResponse';
    case 'request':
      return 'Request';
    case 'mixed': {
      const writes = verb === 'create' || verb === 'update' || verb === 'patch';
      return writes && ref !== undefined && ref.subresource === undefined && LOGGED_BODIES.has(ref.resource)
        ? 'Request'
        : 'Metadata';
    }
  }
}

/** One event, ready to be written. */
export interface SimulatedEvent {
  /** Stage time, in microseconds since 1970. */
  readonly micros: number;
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
    const line = goJson(eventJson(request, { auditID, stage, level, received, staged }));
    return { micros: staged, line, level, stage, auditID, terminal };
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
function eventJson(request: SimulatedRequest, { auditID, stage, level, received, staged }: Writing): JsonObject {
  const { actor, ref, impersonated } = request;
  const failedLogin = request.code === 401;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID,
    stage,
    requestURI: request.uri,
    verb: request.verb,
    user: failedLogin ? {} : { username: actor.username, uid: actor.uid, groups: actor.groups, extra: actor.extra },
    impersonatedUser: impersonated,
    sourceIPs: [actor.ip],
    userAgent: actor.agent,
    objectRef: ref && {
      resource: ref.resource,
      namespace: ref.namespace,
      name: ref.name,
      apiGroup: ref.apiGroup,
      apiVersion: ref.apiVersion ?? 'v1',
      subresource: ref.subresource,
    },
    responseStatus: statusOf(request),
    requestObject: level === 'Metadata' ? undefined : request.body,
    responseObject:
      level === 'RequestResponse' && stage === 'ResponseComplete' ? (request.response ?? request.body) : undefined,
    requestReceivedTimestamp: microTime(received),
    stageTimestamp: microTime(staged),
    annotations: annotationsOf(request),
  };
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
};

function statusOf({ code, message }: SimulatedRequest): JsonObject {
  if (code < 400) return { metadata: {}, code };
  return { metadata: {}, status: 'Failure', message: message ?? REASONS[code], reason: REASONS[code], code };
}

function annotationsOf({ code, decision, reason }: SimulatedRequest): JsonObject | undefined {
  if (code === 401 || decision === 'none') return undefined;
  const said = decision ?? (code === 403 ? 'forbid' : 'allow');
  return { 'authorization.k8s.io/decision': said, 'authorization.k8s.io/reason': reason ?? '' };
}

/** `2026-03-02T09:41:07.123456Z`: six digits, always. */
function microTime(micros: number): string {
  const millis = Math.floor(micros / 1000);
  return `${new Date(millis).toISOString().slice(0, 23)}${String(micros - millis * 1000).padStart(3, '0')}Z`;
}

/** JSON as Go's encoder writes it: `<`, `>`, `&` and two line separators are escaped. */
export function goJson(value: JsonObject): string {
  const text = JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeAsGo) : text;
}

function escapeAsGo(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
