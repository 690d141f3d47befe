import { isIP } from 'node:net';
import type { AuditEvent, JsonObject } from '../event.ts';
import { isObject, stringOf } from '../event.ts';
import { membersJson } from '../json-members.ts';
import { memoiseWords } from '../memo.ts';
import { actorFacts, boundNode, boundPod } from './actor.ts';
import { agentFacts } from './agent.ts';
import { at, type Bodies, bodiesOf, distinct, objectsIn } from './bodies.ts';
import {
  authzOf,
  decisionOf,
  isTerminal,
  isTruncated,
  isWebhookRefusal,
  latencyOf,
  outcomeOf,
  reasonOf,
  resultOf,
} from './outcome.ts';
import { podFacts } from './pod.ts';
import { leavesRbacOpen, rbacFacts } from './rbac.ts';
import { actionOf, execFacts, isDryRun, objectOf, pathOf, resourceOf } from './request.ts';
import type { Action, EventFacts } from './types.ts';

type Absent<T> = { readonly [K in keyof T]: T[K] | undefined };
/** Facts of who did what kind of thing with what, and whether it was let through: a log says the same few thousand again and again. */
type RepeatedFacts = Absent<Omit<EventFacts, OwnFact>> & { readonly action: Action };
type OwnFact = 'mutating' | 'dry_run' | 'latency_us' | 'object' | 'uri' | 'exec' | keyof BodyFacts;
/** Facts of this event alone. */
type OwnFacts = Absent<Pick<EventFacts, OwnFact>>;
type BodyFacts = Pick<EventFacts, 'body' | 'rbac' | 'pod' | 'service' | 'secret_keys' | 'secret_type'>;

/** Everything that an event means, so that no query has to work it out. Pure. */
export function factsOf(event: AuditEvent): EventFacts {
  const repeated = repeatedFacts(event);
  // JSON.stringify leaves undefined members out, which is what absent means in a document.
  return { ...repeated, ...ownFacts(event, repeated.action) } as EventFacts;
}

/** The members of `factsOf` as JSON, without the braces around them. */
export function factsJson(event: AuditEvent): string {
  const { action, json } = remembered(event);
  return json + membersJson(ownFacts(event, action));
}

const remembered = memoiseWords((event: AuditEvent) => {
  const facts = repeatedFacts(event);
  return { action: facts.action, json: JSON.stringify(facts).slice(1, -1) };
}, repeatedWords);

/** Everything that `repeatedFacts` looks at, what varies least first. */
function repeatedWords(event: AuditEvent): readonly (string | undefined)[] {
  const { user, impersonatedUser, objectRef, responseStatus } = event;
  return [
    event.stage,
    isTruncated(event) ? 'truncated' : '',
    decisionOf(event),
    event.verb,
    responseStatus && `${responseStatus.code}${isWebhookRefusal(responseStatus)}`,
    objectRef?.apiGroup,
    objectRef?.resource,
    objectRef?.subresource,
    user.username,
    impersonatedUser && (impersonatedUser.username ?? ''),
    boundNode(user),
    boundPod(user),
    event.sourceIPs.at(-1),
    event.userAgent,
    reasonOf(event),
  ];
}

function repeatedFacts(event: AuditEvent): RepeatedFacts {
  const action = actionOf(event);
  const decision = decisionOf(event);
  const outcome = outcomeOf(event, decision);
  return {
    terminal: isTerminal(event),
    actor: actorFacts(event),
    action,
    decision,
    outcome,
    result: resultOf(outcome),
    resource: resourceOf(event.objectRef),
    source: sourceOf(event.sourceIPs),
    agent: agentFacts(event.userAgent),
    authz: authzOf(event),
    truncated: isTruncated(event) || undefined,
  };
}

function ownFacts(event: AuditEvent, action: Action): OwnFacts {
  const dryRun = isDryRun(event, action);
  return {
    mutating: (action === 'write' || action === 'delete') && !dryRun,
    dry_run: dryRun || undefined,
    latency_us: latencyOf(event),
    object: objectOf(event.objectRef),
    uri: { path: pathOf(event.requestURI) },
    exec: execFacts(event),
    ...bodyFacts(event, action === 'write'),
  };
}

function sourceOf(sourceIPs: readonly string[]): EventFacts['source'] {
  const ip = sourceIPs.at(-1);
  return ip !== undefined && isIP(ip) !== 0 ? { ip } : undefined;
}

/** Facts of bodies. What a read returns was done by somebody else, so only writes say what they make. */
function bodyFacts(event: AuditEvent, writes: boolean): BodyFacts {
  const bodies = bodiesOf(event);
  if (bodies === undefined) return writes && owesBody(event) ? { body: 'missing' } : {};
  const keys = event.objectRef?.resource === 'secrets' ? secretKeys(bodies.objects) : undefined;
  const made = writes ? madeFacts(bodies, event) : {};
  return keys === undefined ? made : { ...made, secret_keys: keys };
}

/** Whether this is the end of a request that succeeded, at a level that logs its body. */
function owesBody({ stage, level, responseStatus }: AuditEvent): boolean {
  return stage === 'ResponseComplete' && level !== 'Metadata' && (responseStatus?.code ?? 400) < 400;
}

function madeFacts(bodies: Bodies, event: AuditEvent): BodyFacts {
  const { objects } = bodies;
  const { resource, apiGroup } = event.objectRef ?? {};
  const isRbac = apiGroup === 'rbac.authorization.k8s.io';
  const rbac = isRbac ? rbacFacts(objects) : undefined;
  const pod = podFacts(objects, resource);
  const firstString = (...path: readonly string[]): string | undefined =>
    objects.map((body) => stringOf(at(body, ...path))).find((text) => text !== undefined);
  const serviceType = resource === 'services' ? firstString('spec', 'type') : undefined;
  const secretType = resource === 'secrets' ? firstString('type') : undefined;
  const isPartial = !bodies.whole && (bodies.copies || (isRbac && leavesRbacOpen(objects)));
  return {
    ...(isPartial && { body: 'partial' }),
    ...(rbac && { rbac }),
    ...(pod && { pod }),
    ...(serviceType !== undefined && { service: { type: serviceType } }),
    ...(secretType !== undefined && { secret_type: secretType }),
  };
}

function secretKeys(objects: readonly JsonObject[]): readonly string[] | undefined {
  const secrets = objects.flatMap((body) => [body, ...objectsIn(body['items'])]);
  const maps = secrets.flatMap((secret) => [secret['data'], secret['stringData']]).filter(isObject);
  return distinct(maps.flatMap((map) => Object.keys(map)));
}
