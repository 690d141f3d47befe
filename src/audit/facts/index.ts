import type { JsonObject } from '../../shared/json.ts';
import { isObject } from '../../shared/json.ts';
import type { AuditEvent } from '../event.ts';
import { membersJson } from '../json-members.ts';
import { memoiseWords } from '../memo.ts';
import { actorFacts, boundNode, boundPod, credentialId } from './actor.ts';
import { sourceFacts } from './addresses.ts';
import { agentFacts } from './agent.ts';
import { annotationFacts, impersonatedExtra } from './annotations.ts';
import { type Bodies, bodiesOf } from './bodies.ts';
import type { BodyFacts } from './body-types.ts';
import { withoutRest } from './cut.ts';
import { kindFacts } from './kinds.ts';
import { metaFacts } from './meta.ts';
import {
  authzOf,
  decisionOf,
  isAdmissionRefusal,
  isTerminal,
  isTruncated,
  latencyOf,
  outcomeOf,
  reasonOf,
  resultOf,
} from './outcome.ts';
import { podFacts } from './pod.ts';
import { podSpecsOf } from './pod-specs.ts';
import { leavesRbacOpen, rbacFacts } from './rbac.ts';
import { failureOf, rejectedFacts } from './rejected.ts';
import { actionOf, isDryRun, objectOf, pathOf, resourceOf } from './request.ts';
import type { LineFacts } from './request-types.ts';
import { reviewFacts } from './review.ts';
import type { Action, EventFacts } from './types.ts';
import { uriFacts } from './uri.ts';
import { distinct } from './values.ts';

type Absent<T> = { readonly [K in keyof T]: T[K] | undefined };
/** Facts of who did what kind of thing with what, and whether it was let through: a log says the same few thousand again and again. */
type RepeatedFacts = Absent<Omit<EventFacts, OwnFact>> & { readonly action: Action };
type OwnFact = 'mutating' | 'dry_run' | 'latency_us' | 'object' | 'uri' | 'cut' | keyof LineFacts | keyof BodyFacts;
/** Facts of this event alone. */
type OwnFacts = Absent<Pick<EventFacts, OwnFact>>;

/** Everything that an event means, so that no query has to work it out. Pure. */
export function factsOf(event: AuditEvent): EventFacts {
  const repeated = repeatedFacts(event);
  // JSON.stringify leaves undefined members out, which is what absent means in a document.
  return Object.assign({}, repeated, ...ownFacts(event, repeated.action)) as EventFacts;
}

/** The members of `factsOf` as JSON, without the braces around them. */
export function factsJson(event: AuditEvent): string {
  const { action, json } = remembered(event);
  let own = '';
  for (const facts of ownFacts(event, action)) own += membersJson(facts);
  return json + own;
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
    responseStatus && `${responseStatus.code}${isAdmissionRefusal(responseStatus)}`,
    objectRef?.apiGroup,
    objectRef?.resource,
    objectRef?.subresource,
    user.username,
    impersonatedUser && (impersonatedUser.username ?? ''),
    boundNode(user),
    boundPod(user),
    event.userAgent,
    reasonOf(event),
    ...event.sourceIPs,
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
    source: sourceFacts(event.sourceIPs),
    agent: agentFacts(event.userAgent),
    authz: authzOf(event),
    truncated: isTruncated(event) || undefined,
  };
}

/** Side by side: to put them into one object first would cost as much as finding them. */
function ownFacts(event: AuditEvent, action: Action): readonly Partial<OwnFacts>[] {
  const dryRun = isDryRun(event, action);
  return withoutRest<Partial<OwnFacts>>([
    {
      mutating: (action === 'write' || action === 'delete') && !dryRun,
      dry_run: dryRun || undefined,
      latency_us: latencyOf(event),
      object: objectOf(event),
      uri: { path: pathOf(event.requestURI) },
      credential: credentialId(event.user),
      rejected: rejectedFacts(event.responseStatus),
      failure: failureOf(event.responseStatus),
      impersonated_extra: impersonatedExtra(event),
    },
    uriFacts(event, action),
    annotationFacts(event),
    bodyFacts(event, action),
  ]);
}

/** Facts of bodies. What a read returns was done by somebody else, so only writes say what they make. */
function bodyFacts(event: AuditEvent, action: Action): BodyFacts {
  const writes = action === 'write';
  const bodies = bodiesOf(event);
  if (bodies === undefined) return writes && owesBody(event) ? { body: 'missing' } : {};
  if (action === 'review') return reviewed(event);
  const keys = event.objectRef?.resource === 'secrets' ? secretKeys(bodies.objects) : undefined;
  const made = writes ? madeFacts(bodies, event) : {};
  return keys === undefined ? made : { ...made, secret_keys: keys };
}

function reviewed(event: AuditEvent): BodyFacts {
  const review = reviewFacts(event);
  return review === undefined ? {} : { review };
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
  const pods = podSpecsOf(objects, resource, apiGroup);
  const pod = podFacts(pods.specs, objects);
  const meta = metaFacts(objects, event.requestObject, event.verb === 'patch');
  const leavesOpen = !bodies.whole && (bodies.copies || (isRbac && leavesRbacOpen(objects)));
  const isPartial = leavesOpen || pods.partial;
  return {
    ...(isPartial && { body: 'partial' }),
    ...(rbac && { rbac }),
    ...(pod && { pod }),
    ...(meta && { meta }),
    ...kindFacts(event, objects),
  };
}

function secretKeys(objects: readonly JsonObject[]): readonly string[] | undefined {
  const maps = objects.flatMap((secret) => [secret['data'], secret['stringData']]).filter(isObject);
  return distinct(maps.flatMap((map) => Object.keys(map)));
}
