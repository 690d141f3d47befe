import { isIP } from 'node:net';
import type { AuditEvent, JsonObject } from '../event.ts';
import { isObject, stringOf } from '../event.ts';
import { actorFacts } from './actor.ts';
import { agentFacts } from './agent.ts';
import { at, bodiesOf, distinct, objectsIn } from './bodies.ts';
import { authzOf, decisionOf, isTerminal, latencyOf, outcomeOf, resultOf } from './outcome.ts';
import { podFacts } from './pod.ts';
import { rbacFacts } from './rbac.ts';
import { actionOf, execFacts, isDryRun, objectOf, pathOf, resourceOf } from './request.ts';
import type { EventFacts } from './types.ts';

type BodyFacts = Pick<EventFacts, 'rbac' | 'pod' | 'service' | 'secret_keys'>;

/** Everything that an event means, so that no query has to work it out. Pure. */
export function factsOf(event: AuditEvent): EventFacts {
  const action = actionOf(event);
  const decision = decisionOf(event);
  const outcome = outcomeOf(event, decision);
  const dryRun = isDryRun(event, action);
  const facts: { [K in keyof EventFacts]: EventFacts[K] | undefined } = {
    terminal: isTerminal(event),
    actor: actorFacts(event),
    action,
    mutating: (action === 'write' || action === 'delete') && !dryRun,
    dry_run: dryRun || undefined,
    decision,
    outcome,
    result: resultOf(outcome),
    latency_us: latencyOf(event),
    resource: resourceOf(event.objectRef),
    object: objectOf(event.objectRef),
    source: sourceOf(event.sourceIPs),
    agent: agentFacts(event.userAgent),
    uri: { path: pathOf(event.requestURI) },
    exec: execFacts(event),
    ...bodyFacts(event, action === 'write'),
    authz: authzOf(event),
    truncated: event.annotations['audit.k8s.io/truncated'] === 'true' || undefined,
  };
  // JSON.stringify leaves undefined members out, which is what absent means in a document.
  return facts as EventFacts;
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
