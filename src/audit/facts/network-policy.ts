import { at, isObject, type JsonObject } from '../../shared/json.ts';
import type { NetworkPolicyFacts } from './body-types.ts';
import { holdMostAddresses } from './cidrs.ts';
import { allAt, distinct, present } from './values.ts';

const DIRECTIONS = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/: a rule without peers is for all of them. */
export function networkPolicyFacts(bodies: readonly JsonObject[]): NetworkPolicyFacts | undefined {
  const rules = DIRECTIONS.map(([direction]) => allAt(bodies, 'spec', direction));
  const peers = DIRECTIONS.flatMap(([, key], index) => allAt(rules[index] ?? [], key));
  const selectors = allAt(bodies, 'spec', 'podSelector');
  return present({
    openings: distinct(DIRECTIONS.flatMap(([direction, key], index) => openingsOf(rules[index] ?? [], direction, key))),
    cidrs: distinct(allAt(peers, 'ipBlock', 'cidr')),
    types: distinct(allAt(bodies, 'spec', 'policyTypes')),
    all_pods: selectors.some(isEmptySelector) || undefined,
  });
}

function openingsOf(rules: readonly unknown[], direction: string, key: string): readonly string[] {
  const peersOf = (rule: unknown): readonly unknown[] => allAt([rule], key);
  const peers = rules.flatMap(peersOf);
  const anywhere =
    rules.some((rule) => isObject(rule) && peersOf(rule).length === 0) ||
    holdMostAddresses(allAt(peers, 'ipBlock', 'cidr'));
  const allNamespaces = peers.some(
    (peer) => boundsNothing(at(peer, 'namespaceSelector')) && isUnbound(at(peer, 'podSelector')),
  );
  return [
    ...(anywhere ? [`${direction}-${key}-anywhere`] : []),
    ...(allNamespaces ? [`${direction}-${key}-all-namespaces`] : []),
  ];
}

function isUnbound(selector: unknown): boolean {
  return selector === undefined || selector === null || boundsNothing(selector);
}

/** Every namespace has this label: https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name */
const ON_ALL = 'kubernetes.io/metadata.name';

/** Whether it is empty, or at most leaves something out: no more of a bound than the exceptions of an ipBlock. */
function boundsNothing(selector: unknown): boolean {
  const { matchExpressions, ...others } = isObject(selector) ? selector : {};
  if (!Array.isArray(matchExpressions)) return isEmptySelector(selector);
  return isEmptySelector(others) && matchExpressions.every(leavesOut);
}

function leavesOut(expression: unknown): boolean {
  const operator = at(expression, 'operator');
  const onAll = operator === 'Exists' && at(expression, 'key') === ON_ALL;
  return onAll || operator === 'NotIn' || operator === 'DoesNotExist';
}

function isEmptySelector(selector: unknown): boolean {
  return isObject(selector) && Object.values(selector).every(isNothing);
}

function isNothing(value: unknown): boolean {
  return (
    value === null || (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)
  );
}
