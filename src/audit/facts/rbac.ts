import { type JsonObject, stringOf, stringsOf } from '../../shared/json.ts';
import type { RbacFacts } from './rbac-types.ts';
import { allAt, distinct, objectsIn, pairsIn, present } from './values.ts';

/**
 * Lists that a patch does not say are undefined: a rule cannot be without them, so they stand in the object already.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/rbac/validation/validation.go
 */
interface Rule {
  readonly groups: readonly string[] | undefined;
  readonly resources: readonly string[] | undefined;
  readonly verbs: readonly string[] | undefined;
  readonly urls: readonly string[];
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const RBAC_KINDS = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'];
const WRITES = ['create', 'update', 'patch'];
const READS = ['get', 'list', 'watch'];
/** A patch is answered with the object, also one that changes nothing, and a deletion of many with all of them. */
const TELLS = [...READS, 'patch', 'deletecollection'];
const CERTIFICATES = 'certificates.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';
const WEBHOOKS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
/** Who can be acted as, in the group authentication.k8s.io. */
const IMPERSONATED = /^(?:users|groups|serviceaccounts|nodes|uids|userextras(?:\/.*)?)$/;
const WORKLOADS: readonly (readonly [group: string, resources: readonly string[]])[] = [
  ['', ['pods', 'replicationcontrollers']],
  ['apps', ['deployments', 'daemonsets', 'statefulsets', 'replicasets']],
  ['batch', ['jobs', 'cronjobs']],
];

/** What makes a rule a way to more rights: https://kubernetes.io/docs/concepts/security/rbac-good-practices/ */
const DANGERS: readonly (readonly [string, (rule: Rule) => boolean])[] = [
  ['everything', isEverything],
  ['wildcard-verb', (rule) => rule.verbs?.includes('*') === true],
  ['wildcard-resource', (rule) => rule.resources?.includes('*') === true || rule.urls.includes('*')],
  ['escalate', (rule) => allows(rule, ['escalate'], RBAC_GROUP, ['roles', 'clusterroles'])],
  ['bind', (rule) => allows(rule, ['bind'], RBAC_GROUP, ['roles', 'clusterroles'])],
  ['impersonate', mayImpersonate],
  ['secrets-read', (rule) => allows(rule, TELLS, '', ['secrets'])],
  ['pod-exec', (rule) => allows(rule, ['create', 'get'], '', ['pods/exec', 'pods/attach'])],
  ['debug', (rule) => allows(rule, ['patch', 'update'], '', ['pods/ephemeralcontainers'])],
  ['token-create', (rule) => allows(rule, ['create'], '', ['serviceaccounts/token'])],
  ['node-proxy', (rule) => allows(rule, [...READS, ...WRITES, 'delete'], '', ['nodes/proxy'])],
  ['rbac-write', (rule) => allows(rule, WRITES, RBAC_GROUP, RBAC_KINDS)],
  ['csr-approve', mayApprove],
  ['webhook-write', (rule) => allows(rule, WRITES, ADMISSION, WEBHOOKS)],
  ['workload-create', (rule) => WORKLOADS.some(([group, kinds]) => allows(rule, ['create'], group, kinds))],
  ['daemonset-create', (rule) => allows(rule, ['create'], 'apps', ['daemonsets'])],
];

/** Of the first there are few, so that they never fill a list themselves. */
const WIDEST = [
  /^(?:User|Group|\?)\/system:(?:anonymous|(?:un)?authenticated)$/,
  /^ServiceAccount\/.*\/default$|^(?:User|\?)\/system:serviceaccount:.*:default$|^(?:Group|\?)\/system:serviceaccounts(?:$|:)/,
] as const;

/** What stands for a part that a patch does not say. */
const UNSAID = '?';

/** What a role grants or a binding gives, from every body of the request. */
export function rbacFacts(bodies: readonly JsonObject[]): RbacFacts | undefined {
  const rules = rulesIn(bodies);
  const dangerous = dangersOf(rules);
  const shown = new Set(dangersOf(rules.map(asSaid)));
  return present({
    grants: distinct(grantsOf(rules)),
    dangerous: distinct(dangerous),
    presumed: distinct(dangerous.filter((name) => !shown.has(name))),
    verbs: distinct(rules.flatMap((rule) => rule.verbs ?? [])),
    resources: distinct(rules.flatMap((rule) => rule.resources ?? [])),
    subjects: distinct(widestFirst(subjectsIn(bodies).map(subjectOf))),
    role: distinct(rolesIn(bodies)),
    role_kind: distinct(allAt(bodies, 'roleRef', 'kind').toReversed()),
    aggregates_to: distinct(allAt(bodies, 'metadata', 'labels').flatMap(pairsIn).map(aggregateOf)),
  });
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles */
function aggregateOf(label: string): string | undefined {
  return /^rbac\.authorization\.k8s\.io\/aggregate-to-(.+)=true$/.exec(label)?.[1];
}

/**
 * Whether bodies leave open what they give: subjects without their role, which no patch can change, or with several, of
 * which all but one are decoys; or parts of a rule.
 */
export function leavesRbacOpen(bodies: readonly JsonObject[]): boolean {
  if (subjectsIn(bodies).length > 0 && new Set(rolesIn(bodies)).size !== 1) return true;
  return rulesIn(bodies).some(
    ({ groups, resources, verbs }) => groups === undefined || resources === undefined || verbs === undefined,
  );
}

function rulesIn(bodies: readonly JsonObject[]): readonly Rule[] {
  return bodies.flatMap((body) => objectsIn(body['rules'])).map(readRule);
}

function subjectsIn(bodies: readonly JsonObject[]): readonly JsonObject[] {
  return bodies.flatMap((body) => objectsIn(body['subjects']));
}

/**
 * All of them, the last one first: no operation of a patch can hide what another one wrote, nor can very many. A question
 * that leaves out harmless roles has to ask that no other role is among them.
 */
function rolesIn(bodies: readonly JsonObject[]): readonly unknown[] {
  return allAt(bodies, 'roleRef', 'name')
    .filter((name) => stringOf(name) !== undefined)
    .toReversed();
}

function readRule(rule: JsonObject): Rule {
  const urls = stringsOf(rule['nonResourceURLs']);
  // A rule is either for resources or for URLs.
  const absent = urls.length > 0 ? [] : undefined;
  return {
    groups: listOf(rule['apiGroups']) ?? absent,
    resources: listOf(rule['resources']) ?? absent,
    verbs: listOf(rule['verbs']),
    urls,
  };
}

function dangersOf(rules: readonly Rule[]): readonly string[] {
  return DANGERS.filter(([, test]) => rules.some(test)).map(([name]) => name);
}

/** A rule that holds for nothing but what is said. */
function asSaid({ groups = [], resources = [], verbs = [], urls }: Rule): Rule {
  return { groups, resources, verbs, urls };
}

/** Every verb on every resource, of all groups or of the core group, whose secrets and pods lead to all the others. */
function isEverything({ groups, resources, verbs }: Rule): boolean {
  return hasAny(verbs, '*') && hasAny(resources, '*') && hasAny(groups, '*', '');
}

/**
 * UIDs and extra fields have a group of their own, and in it stand all who are impersonated under constraints, with verbs
 * such as `impersonate:user-info` (https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/).
 */
function mayImpersonate(rule: Rule): boolean {
  if (allows(rule, ['impersonate'], '', ['users', 'groups', 'serviceaccounts'])) return true;
  const verbs = rule.verbs ?? ['*'];
  const resources = rule.resources ?? ['*'];
  return (
    hasAny(rule.groups, '*', 'authentication.k8s.io') &&
    verbs.some((verb) => verb === '*' || verb.startsWith('impersonate')) &&
    resources.some((held) => held === '*' || IMPERSONATED.test(held))
  );
}

/** Either half: the two that it takes need not stand in one rule, nor in one role. */
function mayApprove(rule: Rule): boolean {
  return (
    allows(rule, ['approve'], CERTIFICATES, ['signers']) ||
    allows(rule, ['update', 'patch'], CERTIFICATES, ['certificatesigningrequests/approval'])
  );
}

function listOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? stringsOf(value) : undefined;
}

function allows(rule: Rule, verbs: readonly string[], group: string, resources: readonly string[]): boolean {
  return overlaps(rule.verbs, verbs) && overlaps(rule.groups, [group]) && resources.some((name) => covers(rule, name));
}

function overlaps(held: readonly string[] | undefined, wanted: readonly string[]): boolean {
  return hasAny(held, '*', ...wanted);
}

/** What is not said may be anything. */
function hasAny(held: readonly string[] | undefined, ...wanted: readonly string[]): boolean {
  return held === undefined || wanted.some((word) => held.includes(word));
}

/**
 * As Kubernetes matches resources: everything, the name itself, or one subresource of everything. `pods/*` is none of
 * these, and a rule for it allows nothing (kubernetes, pkg/apis/rbac/v1/evaluation_helpers.go, ResourceMatches).
 */
function covers(rule: Rule, resource: string): boolean {
  if (rule.resources === undefined) return true;
  const [, subresource] = resource.split('/');
  return rule.resources.some(
    (held) => held === '*' || held === resource || (subresource !== undefined && held === `*/${subresource}`),
  );
}

/** Each list once, so that the first of its pairs are all different and the limit of `distinct` ends the product. */
function* grantsOf(rules: readonly Rule[]): Generator<string> {
  for (const rule of rules) {
    const verbs = new Set(rule.verbs ?? [UNSAID]);
    for (const target of targetsOf(rule)) for (const verb of verbs) yield `${target}:${verb}`;
  }
}

function* targetsOf({ groups, resources, urls }: Rule): Generator<string> {
  yield* new Set(urls);
  for (const resource of new Set(resources ?? [UNSAID])) {
    for (const group of new Set(groups ?? [UNSAID])) yield group === '' ? resource : `${group}/${resource}`;
  }
}

/** So that no number of others cuts off those who are everybody, or the accounts that pods have without asking. */
function* widestFirst(subjects: readonly (string | undefined)[]): Generator<string | undefined> {
  for (const wide of WIDEST) yield* subjects.filter((subject) => subject !== undefined && wide.test(subject));
  yield* subjects;
}

/** `ServiceAccount/namespace/name`, `User/name`; `?` for what a patch does not say. */
function subjectOf(subject: JsonObject): string | undefined {
  const [kind, namespace, name] = ['kind', 'namespace', 'name'].map((key) => stringOf(subject[key]));
  if (kind === undefined && namespace === undefined && name === undefined) return undefined;
  const within = namespace === undefined || (kind !== undefined && kind !== 'ServiceAccount') ? '' : `${namespace}/`;
  return `${kind ?? UNSAID}/${within}${name ?? UNSAID}`;
}
