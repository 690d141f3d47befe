import { isObject } from '../shared/json.ts';
import type { AuditEvent, ObjectRef } from './event.ts';
import { findMembers, findSpans, type JsonPath, type Span, type Visit } from './json-spans.ts';

/** What stands in the document where a sensitive value was. */
export const REDACTED = '[redacted]';

export interface Redaction {
  readonly text: string;
  /** Where something was taken out: dotted, without array indexes and without the names of keys below; empty: nothing. */
  readonly paths: readonly string[];
}

const BODIES = new Set(['requestObject', 'responseObject']);
/** Annotations in which tools keep the whole object as they applied it. */
const COPIES = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'kapp.k14s.io/original',
  'objectset.rio.cattle.io/applied',
]);
/** Annotations of Secrets that hold no part of them. Every other one may: tools are free to put values there. */
const HARMLESS = new Set([
  'kubernetes.io/service-account.name',
  'kubernetes.io/service-account.uid',
  'cert-manager.io/alt-names',
  'cert-manager.io/certificate-name',
  'cert-manager.io/common-name',
  'cert-manager.io/issuer-group',
  'cert-manager.io/issuer-kind',
  'cert-manager.io/issuer-name',
  'helm.sh/hook',
  'helm.sh/resource-policy',
  'meta.helm.sh/release-name',
  'meta.helm.sh/release-namespace',
]);
const MAP_KEYS = new Set(['data', 'stringData']);
const TOKEN_KEYS = ['token', 'accessToken', 'refreshToken', 'authorizeToken'] as const;
/** https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/oauth_apis/oauthclient-oauth-openshift-io-v1 */
const CLIENT_KEYS = ['secret', 'additionalSecrets'] as const;
/** Keys whose values are secrets, by the resource that has them. */
const KEYS_BY_RESOURCE = new Map<string, readonly string[]>([
  ['tokenreviews', TOKEN_KEYS],
  ['oauthaccesstokens', TOKEN_KEYS],
  ['oauthauthorizetokens', TOKEN_KEYS],
  ['oauthclients', CLIENT_KEYS],
]);
/** Keys of patches that admission webhooks made, as kubernetes/kubernetes logs them from level Request on. */
const WEBHOOK_PATCH = 'patch.webhook.admission.k8s.io/';
/** Keys that hold a copy of an object or say who set which of its fields, wherever they are in a body. */
const COPY_KEYS = new Set([...COPIES, 'managedFields']);
/** Beginnings of kinds whose objects hold secrets. */
const SECRET_KINDS = ['Secret', 'TokenRe', 'OAuth'];
/** Places of a JSON Patch whose values are copies of objects. */
const COPY_PLACE =
  /\/managedFields(\/|$)|last-applied-configuration$|kapp\.k14s\.io~1original$|rio\.cattle\.io~1applied$/;

/** What may hold secrets in this event. */
interface Sensitive {
  readonly secrets: boolean;
  /** Keys whose values are tokens or secrets of clients. */
  readonly keys: ReadonlySet<string>;
  readonly patch: readonly unknown[];
}

/**
 * Takes out what must not leave memory: the values of Secrets (their keys stay) and of their annotations but for those
 * known to be harmless, tokens of token requests and reviews, secrets of OAuth clients, annotations that copy the whole
 * object, and managedFields. Everything else stays byte for byte.
 * `text` is the JSON that `event` was read from. URIs and annotations of other kinds are not looked into.
 */
export function redact(text: string, event: AuditEvent): Redaction {
  const secrets = event.objectRef?.resource === 'secrets';
  const hasBody = event.requestObject !== undefined || event.responseObject !== undefined;
  if (!secrets && !hasBody) return { text, paths: [] };
  const keys = keysOfResource(event.objectRef);
  // Those need to be known place by place; in all other events only keys of a few names have to go.
  const isSensitive = secrets || keys.length > 0 || SECRET_KINDS.some((kind) => namesKind(text, kind));
  if (!isSensitive && !Array.isArray(event.requestObject)) return redactCopies(text);
  const sensitive: Sensitive = {
    secrets: secrets || namesKind(text, 'Secret'),
    keys: new Set([...keys, ...keysOfKinds(text)]),
    patch: Array.isArray(event.requestObject) ? event.requestObject : [],
  };
  const paths = new Set<string>();
  const spans = findSpans(text, markSensitive(text, sensitive, paths));
  return { text: replaceSpans(text, spans), paths: [...paths] };
}

function redactCopies(text: string): Redaction {
  const found = findMembers(text, COPY_KEYS).filter(
    ({ keys, span }) => BODIES.has(keys[0] ?? '') && !isNull(text, span.start),
  );
  return {
    text: replaceSpans(
      text,
      found.map(({ span }) => span),
    ),
    paths: [...new Set(found.map(({ keys }) => keys.join('.')))],
  };
}

/** Whether a string of the text begins like this: a kind, where there is one. Faster than a search with the quote. */
function namesKind(text: string, kind: string): boolean {
  let at = text.indexOf(kind);
  while (at > 0 && text[at - 1] !== '"') at = text.indexOf(kind, at + 1);
  return at > 0;
}

/** A null holds no secret, and in a merge patch it says that the key goes away. */
function isNull(text: string, start: number): boolean {
  return text.startsWith('null', start);
}

function keysOfResource({ resource, subresource }: Partial<ObjectRef> = {}): readonly string[] {
  if (resource === 'serviceaccounts' && subresource === 'token') return TOKEN_KEYS;
  return KEYS_BY_RESOURCE.get(resource ?? '') ?? [];
}

/** By kinds that the text names: a List may hold any. */
function keysOfKinds(text: string): readonly string[] {
  const hasTokens = ['TokenRe', 'OAuthAccessToken', 'OAuthAuthorizeToken'].some((kind) => namesKind(text, kind));
  return [...(hasTokens ? TOKEN_KEYS : []), ...(namesKind(text, 'OAuthClient') ? CLIENT_KEYS : [])];
}

function markSensitive(text: string, sensitive: Sensitive, paths: Set<string>): Visit {
  return (path, start) => {
    if (path.length === 0) return 'enter';
    const root = path[0];
    if (path.length === 1) return root === 'annotations' || BODIES.has(root as string) ? 'enter' : 'skip';
    if (isNull(text, start)) return 'skip';
    const place =
      root === 'annotations' ? sensitiveAnnotation(path, sensitive) : sensitivePlace(path, text, start, sensitive);
    if (place === undefined) return 'enter';
    paths.add(place.filter((step) => typeof step === 'string').join('.'));
    return 'mark';
  };
}

function sensitiveAnnotation(path: JsonPath, sensitive: Sensitive): JsonPath | undefined {
  const isPatch = typeof path[1] === 'string' && path[1].startsWith(WEBHOOK_PATCH);
  return sensitive.secrets && isPatch ? path : undefined;
}

/** The place to name when the value at this path must go. */
function sensitivePlace(path: JsonPath, text: string, start: number, sensitive: Sensitive): JsonPath | undefined {
  const key = path.at(-1);
  const holder = path.at(-2);
  if (sensitive.secrets && typeof holder === 'string' && MAP_KEYS.has(holder)) return path.slice(0, -1);
  if (typeof key !== 'string') return undefined;
  if (COPY_KEYS.has(key)) return path;
  if (sensitive.secrets && isAnnotation(path)) return HARMLESS.has(key) ? undefined : path.slice(0, -1);
  if (sensitive.secrets && MAP_KEYS.has(key) && text[start] !== '{') return path;
  if (sensitive.keys.has(key)) return path;
  return key === 'value' && path.length === 3 && isSensitivePatch(path, sensitive) ? path : undefined;
}

function isAnnotation(path: JsonPath): boolean {
  return path.at(-2) === 'annotations' && path.at(-3) === 'metadata';
}

/** JSON Patch (RFC 6902): the place of a value is named in the `path` beside it. */
function isSensitivePatch(path: JsonPath, sensitive: Sensitive): boolean {
  const operation = path[0] === 'requestObject' && typeof path[1] === 'number' ? sensitive.patch[path[1]] : undefined;
  if (!isObject(operation) || typeof operation['path'] !== 'string') return false;
  return sensitive.secrets || sensitive.keys.size > 0 || COPY_PLACE.test(operation['path']);
}

function replaceSpans(text: string, spans: readonly Span[]): string {
  let result = '';
  let from = 0;
  for (const { start, end } of spans) {
    result += `${text.slice(from, start)}"${REDACTED}"`;
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
}
