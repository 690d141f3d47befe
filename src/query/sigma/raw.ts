import type { KauditError } from '../../shared/errors.ts';
import type { FieldTypes } from '../fields.ts';
import { type KqlClause, type KqlNode, parseKql } from '../kql.ts';

/** Connections are logged with whatever verb their HTTP method has, so their verb says nothing. */
const CONNECTING =
  '(objectRef.subresource: exec or objectRef.subresource: attach or objectRef.subresource: portforward or objectRef.subresource: proxy)';
const EVICTION = 'objectRef.resource: pods and objectRef.subresource: eviction and verb: create';
const DECISION = 'kubernetes.audit.annotations.authorization_k8s_io/decision';

/** Facts that the audit log's own fields say as well, for those who have no facts. */
export const SAID_RAW: Readonly<Record<string, string>> = {
  'kaudit.terminal: true':
    'stage: ResponseComplete or stage: Panic or (stage: ResponseStarted and not user.username: *)',
  'kaudit.outcome: success': 'responseStatus.code < 400 and not stage: Panic',
  'kaudit.outcome: authentication': 'responseStatus.code: 401 and not stage: Panic',
  'kaudit.outcome: authorization': `responseStatus.code: 403 and not stage: Panic and not ${DECISION}: allow`,
  'kaudit.decision: allow': `${DECISION}: allow`,
  'kaudit.decision: forbid': `${DECISION}: forbid`,
  'kaudit.decision: *': `${DECISION}: *`,
  'kaudit.action: delete': `((verb: delete or verb: deletecollection) and not ${CONNECTING}) or (${EVICTION})`,
  'kaudit.actor.impersonator: *': 'impersonatedUser.username: *',
};

/** How Sigma rules call what we keep under a name of Elastic's. */
const SIGMA_NAMES: Readonly<Record<string, string>> = { [DECISION]: 'annotations.authorization.k8s.io/decision' };

/** A query over the audit log's own fields; `refuse` makes the error where a fact has no other words. */
export function rawOf(node: KqlNode, fields: FieldTypes, refuse: (why: string) => KauditError): KqlNode {
  switch (node.kind) {
    case 'clause':
      return rawClause(node, fields, refuse);
    case 'not':
      return { ...node, part: rawOf(node.part, fields, refuse) };
    default:
      return { ...node, parts: node.parts.map((part) => rawOf(part, fields, refuse)) };
  }
}

function rawClause(clause: KqlClause, fields: FieldTypes, refuse: (why: string) => KauditError): KqlNode {
  const said = SAID_RAW[`${clause.field}: ${clause.value}`];
  if (said !== undefined) return rawOf(parseKql(said, fields), fields, refuse);
  if (clause.field === 'kaudit.resource' && /^[a-z]+$/.test(clause.value))
    return parseKql(coreResource(clause), fields);
  if (clause.field.startsWith('kaudit.'))
    throw refuse(`${clause.text} is a fact that the audit log does not spell out`);
  return { ...clause, field: SIGMA_NAMES[clause.field] ?? clause.field };
}

/** A resource of the core group, which has no name, and none of its subresources. */
function coreResource({ value }: KqlClause): string {
  return `objectRef.resource: ${value} and not objectRef.apiGroup: * and not objectRef.subresource: *`;
}
