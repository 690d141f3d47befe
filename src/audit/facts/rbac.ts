import { type JsonObject, stringOf, stringsOf } from '../event.ts';
import { at, distinct, objectsIn } from './bodies.ts';
import type { RbacFacts } from './types.ts';

interface Rule {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly urls: readonly string[];
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const RBAC_KINDS = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'];
const WRITES = ['create', 'update', 'patch'];
const READS = ['get', 'list', 'watch'];

/** What makes a rule a way to more rights: https://kubernetes.io/docs/concepts/security/rbac-good-practices/ */
const DANGERS: readonly (readonly [string, (rule: Rule) => boolean])[] = [
  ['wildcard-verb', (rule) => rule.verbs.includes('*')],
  ['wildcard-resource', (rule) => rule.resources.includes('*') || rule.urls.includes('*')],
  ['escalate', (rule) => allows(rule, ['escalate'], RBAC_GROUP, ['roles', 'clusterroles'])],
  ['bind', (rule) => allows(rule, ['bind'], RBAC_GROUP, ['roles', 'clusterroles'])],
  ['impersonate', (rule) => allows(rule, ['impersonate'], '', ['users', 'groups', 'serviceaccounts'])],
  ['secrets-read', (rule) => allows(rule, READS, '', ['secrets'])],
  ['pod-exec', (rule) => allows(rule, ['create', 'get'], '', ['pods/exec', 'pods/attach'])],
  ['token-create', (rule) => allows(rule, ['create'], '', ['serviceaccounts/token'])],
  ['node-proxy', (rule) => allows(rule, [...READS, ...WRITES, 'delete'], '', ['nodes/proxy'])],
  ['rbac-write', (rule) => allows(rule, WRITES, RBAC_GROUP, RBAC_KINDS)],
];

/** What a role grants or a binding gives, from every body of the request. */
export function rbacFacts(bodies: readonly JsonObject[]): RbacFacts | undefined {
  const rules = bodies.flatMap((body) => objectsIn(body['rules'])).map(readRule);
  const role = bodies.map((body) => stringOf(at(body, 'roleRef', 'name'))).find((name) => name !== undefined);
  const facts = {
    grants: distinct(grantsOf(rules)),
    dangerous: distinct(DANGERS.filter(([, test]) => rules.some(test)).map(([name]) => name)),
    verbs: distinct(rules.flatMap((rule) => rule.verbs)),
    resources: distinct(rules.flatMap((rule) => rule.resources)),
    subjects: distinct(bodies.flatMap((body) => objectsIn(body['subjects'])).map(subjectOf)),
    role,
  };
  return Object.values(facts).some((fact) => fact !== undefined) ? dropAbsent(facts) : undefined;
}

function readRule(rule: JsonObject): Rule {
  return {
    groups: stringsOf(rule['apiGroups']),
    resources: stringsOf(rule['resources']),
    verbs: stringsOf(rule['verbs']),
    urls: stringsOf(rule['nonResourceURLs']),
  };
}

function allows(rule: Rule, verbs: readonly string[], group: string, resources: readonly string[]): boolean {
  return overlaps(rule.verbs, verbs) && overlaps(rule.groups, [group]) && resources.some((name) => covers(rule, name));
}

function overlaps(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes('*') || wanted.some((word) => held.includes(word));
}

// A rule for pods/* covers each subresource of pods, and one for */exec that subresource of everything.
function covers(rule: Rule, resource: string): boolean {
  const [name, subresource] = resource.split('/');
  return rule.resources.some(
    (held) =>
      held === '*' ||
      held === resource ||
      (subresource !== undefined && (held === `${name}/*` || held === `*/${subresource}`)),
  );
}

/** Each list once, so that the first of its pairs are all different and the limit of `distinct` ends the product. */
function* grantsOf(rules: readonly Rule[]): Generator<string> {
  for (const rule of rules) {
    const verbs = new Set(rule.verbs);
    for (const target of targetsOf(rule)) for (const verb of verbs) yield `${target}:${verb}`;
  }
}

function* targetsOf({ groups, resources, urls }: Rule): Generator<string> {
  yield* new Set(urls);
  for (const resource of new Set(resources)) {
    for (const group of groups.length === 0 ? [''] : new Set(groups))
      yield group === '' ? resource : `${group}/${resource}`;
  }
}

function subjectOf(subject: JsonObject): string | undefined {
  const kind = stringOf(subject['kind']);
  const name = stringOf(subject['name']);
  const namespace = stringOf(subject['namespace']);
  if (kind === undefined || name === undefined) return undefined;
  return kind === 'ServiceAccount' && namespace !== undefined ? `${kind}/${namespace}/${name}` : `${kind}/${name}`;
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function dropAbsent<T extends object>(facts: T): Present<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Present<T>;
}
