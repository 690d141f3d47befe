/** Who else answers for the API server: webhooks, aggregated APIs, and policies of admission. */
import { at, isObject, type JsonObject, stringOf, stringsOf } from '../../shared/json.ts';
import type { AdmissionPolicyFacts, ApiServiceFacts, WebhookFacts } from './body-types.ts';
import { allAt, distinct, firstText, present, textOf } from './values.ts';

const EXEMPTIONS: readonly (readonly [key: string, name: string])[] = [
  ['namespaceSelector', 'namespace-selector'],
  ['objectSelector', 'object-selector'],
  ['matchConditions', 'match-conditions'],
];

export function webhookFacts(bodies: readonly JsonObject[]): WebhookFacts | undefined {
  const webhooks = allAt(bodies, 'webhooks').filter(isObject);
  return present({
    names: distinct(webhooks.map(({ name }) => name)),
    ...targetsOf(allAt(webhooks, 'clientConfig')),
    failure_policies: distinct(webhooks.map(({ failurePolicy }) => failurePolicy)),
    intercepts: distinct(interceptsOf(allAt(webhooks, 'rules').filter(isObject))),
    exempts: distinct(exemptionsIn(webhooks)),
  });
}

/** The webhook that converts between the versions of a custom resource sees every object of it. */
export function conversionFacts(bodies: readonly JsonObject[]): WebhookFacts | undefined {
  const conversions = allAt(bodies, 'spec', 'conversion');
  const old = allAt(conversions, 'webhookClientConfig');
  return present(targetsOf([...allAt(conversions, 'webhook', 'clientConfig'), ...old]));
}

function targetsOf(configs: readonly unknown[]): Pick<WebhookFacts, 'targets' | 'by_url'> {
  const urls = allAt(configs, 'url');
  const services = allAt(configs, 'service').map(serviceOf);
  const facts = present({ targets: distinct([...services, ...urls]), by_url: urls.length > 0 || undefined });
  return facts ?? {};
}

/** `namespace/name`, with the path where there is one. */
function serviceOf(service: unknown): string | undefined {
  const [namespace, name, path] = ['namespace', 'name', 'path'].map((key) => stringOf(at(service, key)));
  if (namespace === undefined && name === undefined) return undefined;
  return `${namespace ?? '?'}/${name ?? '?'}${path === undefined ? '' : `/${path.replace(/^\//, '')}`}`;
}

/** Of these there are few, and they are listed first, so that no number of others cuts them off. */
const CREDENTIALS: Readonly<Record<string, ReadonlySet<string>>> = {
  apiGroups: new Set(['', '*']),
  resources: new Set(['secrets', 'secrets/*', 'serviceaccounts/token', '*', '*/*']),
  operations: new Set(['CREATE', 'UPDATE', '*']),
};

function* interceptsOf(rules: readonly JsonObject[]): Generator<string> {
  yield* pairsOf(rules.map(ofCredentials));
  yield* pairsOf(rules);
}

function ofCredentials(rule: JsonObject): JsonObject {
  const lists = Object.entries(CREDENTIALS).filter(([key]) => Array.isArray(rule[key]));
  return Object.fromEntries(lists.map(([key, names]) => [key, stringsOf(rule[key]).filter((name) => names.has(name))]));
}

/** `group/resource:operation`; `?` for what a patch does not say. */
function* pairsOf(rules: readonly JsonObject[]): Generator<string> {
  for (const rule of rules) {
    const operations = namesOf(rule['operations']);
    for (const target of targetsIn(rule)) for (const operation of operations) yield `${target}:${operation}`;
  }
}

function* targetsIn(rule: JsonObject): Generator<string> {
  const groups = namesOf(rule['apiGroups']);
  for (const resource of namesOf(rule['resources'])) {
    for (const group of groups) yield group === '' ? resource : `${group}/${resource}`;
  }
}

function namesOf(list: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(list) ? stringsOf(list) : ['?']);
}

/** An empty selector leaves nothing out. */
function exemptionsIn(webhooks: readonly JsonObject[]): readonly string[] {
  return EXEMPTIONS.filter(([key]) => webhooks.some((webhook) => !isEmpty(webhook[key]))).map(([, name]) => name);
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isObject(value) || Object.keys(value).length === 0;
}

export function apiServiceFacts(bodies: readonly JsonObject[]): ApiServiceFacts | undefined {
  return present({
    target: textOf(
      allAt(bodies, 'spec', 'service')
        .map(serviceOf)
        .find((target) => target !== undefined),
    ),
    insecure: allAt(bodies, 'spec', 'insecureSkipTLSVerify').includes(true) || undefined,
  });
}

/** Of a ValidatingAdmissionPolicy or MutatingAdmissionPolicy, or of the binding that puts it to use. */
export function admissionPolicyFacts(bodies: readonly JsonObject[]): AdmissionPolicyFacts | undefined {
  return present({
    policy: firstText(bodies, 'spec', 'policyName'),
    actions: distinct(allAt(bodies, 'spec', 'validationActions')),
    failure_policy: firstText(bodies, 'spec', 'failurePolicy'),
  });
}
