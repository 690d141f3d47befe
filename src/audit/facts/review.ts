import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import type { AuditEvent } from '../event.ts';
import type { ReviewFacts, TokenRequestFacts } from './body-types.ts';
import { allAt, clip, distinct, firstInteger, firstText, present } from './values.ts';

/** What an access or token review asks, and its answer. Tokens themselves are never looked at. */
export function reviewFacts({ requestObject, responseObject }: AuditEvent): ReviewFacts | undefined {
  const bodies = [requestObject, responseObject].filter(isObject);
  const asked = (key: string): string | undefined =>
    firstText(bodies, 'spec', 'resourceAttributes', key) ?? firstText(bodies, 'spec', 'nonResourceAttributes', key);
  return present({
    resource: resourceIn(asked),
    verb: asked('verb'),
    namespace: asked('namespace') ?? firstText(bodies, 'spec', 'namespace'),
    name: asked('name'),
    path: asked('path'),
    user: firstText(bodies, 'spec', 'user') ?? firstText(bodies, 'status', 'user', 'username'),
    groups: distinct([...allAt(bodies, 'spec', 'groups'), ...allAt(bodies, 'status', 'user', 'groups')]),
    allowed: answer(bodies, 'allowed'),
    authenticated: answer(bodies, 'authenticated'),
  });
}

function resourceIn(asked: (key: string) => string | undefined): string | undefined {
  const resource = asked('resource');
  if (resource === undefined) return undefined;
  const parts = [asked('group'), resource, asked('subresource')].filter((part) => part !== undefined);
  return clip(parts.join('/'));
}

/** A request brings a status of zeros; the last body is the answer. */
function answer(bodies: readonly JsonObject[], key: string): boolean | undefined {
  const said = at(bodies[1], 'status', key);
  return typeof said === 'boolean' ? said : undefined;
}

export function tokenRequestFacts(bodies: readonly JsonObject[]): TokenRequestFacts | undefined {
  const bound = allAt(bodies, 'spec', 'boundObjectRef')[0];
  const name = stringOf(at(bound, 'name'));
  return present({
    audiences: distinct(allAt(bodies, 'spec', 'audiences')),
    expiration_seconds: firstInteger(bodies, 'spec', 'expirationSeconds'),
    bound_to: name === undefined ? undefined : clip(`${stringOf(at(bound, 'kind')) ?? '?'}/${name}`),
  });
}
