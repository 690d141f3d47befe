import { isIP } from 'node:net';
import type { AuditEvent, JsonObject } from '../event.ts';
import { isObject, stringOf } from '../event.ts';
import { memoise } from '../memo.ts';
import { word } from '../words.ts';
import { actorFacts, boundNode, boundPod } from './actor.ts';
import { agentFacts } from './agent.ts';
import { at, bodiesOf, distinct, objectsIn } from './bodies.ts';
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
import { rbacFacts } from './rbac.ts';
import { actionOf, execFacts, isDryRun, objectOf, pathOf, resourceOf } from './request.ts';
import type { EventFacts } from './types.ts';

type Absent<T> = { readonly [K in keyof T]: T[K] | undefined };
/** Facts of who did what kind of thing with what, and whether it was let through: a log says the same few thousand again and again. */
type RepeatedFacts = Absent<Omit<EventFacts, OwnFact>>;
type OwnFact = 'latency_us' | 'object' | 'uri' | 'exec' | keyof BodyFacts;
/** Facts of this event alone. */
type OwnFacts = Absent<Pick<EventFacts, OwnFact>>;
type BodyFacts = Pick<EventFacts, 'rbac' | 'pod' | 'service' | 'secret_keys'>;

/** Everything that an event means, so that no query has to work it out. Pure. */
export function factsOf(event: AuditEvent): EventFacts {
  const repeated = repeatedFacts(event);
  // JSON.stringify leaves undefined members out, which is what absent means in a document.
  return { ...repeated, ...ownFacts(event, repeated) } as EventFacts;
}

/** The members of `factsOf` as JSON, without the braces around them. */
export function factsJson(event: AuditEvent): string {
  const { facts, json } = remembered(event);
  return `${json},${JSON.stringify(ownFacts(event, facts)).slice(1, -1)}`;
}

const remembered = memoise((event: AuditEvent) => {
  const facts = repeatedFacts(event);
  return { facts, json: JSON.stringify(facts).slice(1, -1) };
}, repeatedInput);

/** Everything that `repeatedFacts` looks at. */
function repeatedInput(event: AuditEvent): string {
  const { stage, verb, objectRef } = event;
  return (
    (event.sections ?? clientAndAnswer(event)) +
    stage +
    word(verb) +
    word(objectRef?.resource) +
    word(objectRef?.subresource) +
    word(objectRef?.apiGroup) +
    (isDryRun(event) ? 'dry' : '')
  );
}

function clientAndAnswer(event: AuditEvent): string {
  const { user, impersonatedUser, responseStatus } = event;
  return (
    word(user.username) +
    word(impersonatedUser && (impersonatedUser.username ?? '')) +
    word(boundPod(user)) +
    word(boundNode(user)) +
    word(event.sourceIPs.at(-1)) +
    word(event.userAgent) +
    word(responseStatus && `${responseStatus.code}${isWebhookRefusal(responseStatus)}`) +
    word(decisionOf(event)) +
    word(reasonOf(event)) +
    word(isTruncated(event) ? 'truncated' : '')
  );
}

function repeatedFacts(event: AuditEvent): RepeatedFacts {
  const action = actionOf(event);
  const decision = decisionOf(event);
  const outcome = outcomeOf(event, decision);
  const dryRun = isDryRun(event);
  return {
    terminal: isTerminal(event),
    actor: actorFacts(event),
    action,
    mutating: (action === 'write' || action === 'delete') && !dryRun,
    dry_run: dryRun || undefined,
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

function ownFacts(event: AuditEvent, { action }: RepeatedFacts): OwnFacts {
  return {
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
  if (event.requestObject === undefined && event.responseObject === undefined) return {};
  const resource = event.objectRef?.resource;
  const bodies = bodiesOf(event);
  const keys = resource === 'secrets' ? secretKeys(bodies) : undefined;
  const made = writes ? madeFacts(bodies, event) : {};
  return keys === undefined ? made : { ...made, secret_keys: keys };
}

function madeFacts(bodies: readonly JsonObject[], event: AuditEvent): BodyFacts {
  const { resource, apiGroup } = event.objectRef ?? {};
  const rbac = apiGroup === 'rbac.authorization.k8s.io' ? rbacFacts(bodies) : undefined;
  const pod = podFacts(bodies, resource);
  const type =
    resource === 'services' ? bodies.map((body) => stringOf(at(body, 'spec', 'type'))).find(Boolean) : undefined;
  return { ...(rbac && { rbac }), ...(pod && { pod }), ...(type !== undefined && { service: { type } }) };
}

function secretKeys(bodies: readonly JsonObject[]): readonly string[] | undefined {
  const secrets = bodies.flatMap((body) => [body, ...objectsIn(body['items'])]);
  const maps = secrets.flatMap((secret) => [secret['data'], secret['stringData']]).filter(isObject);
  return distinct(maps.flatMap((map) => Object.keys(map)));
}
