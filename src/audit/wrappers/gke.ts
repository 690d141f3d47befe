/**
 * GKE: Cloud Audit log entries. They are another schema, so the event is built anew; what an entry does not have and had to
 * be worked out is listed in `kaudit.origin.inferred`. Lost for good: groups, extra, the query of the URI and with it the
 * command of an exec, the time of receipt, and all source IPs but one.
 */
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import { objectsIn } from '../facts/values.ts';
import { textAt } from './parts.ts';
import { type Added, addedOf, type Wrapper, type Wrapping } from './wrapping.ts';

export const gke: Wrapper = (value, text) => {
  const payload = value['protoPayload'];
  if (!isObject(payload)) return isOtherEntry(value) ? skipped('Cloud Logging record') : undefined;
  const service = stringOf(payload['serviceName']);
  if (service !== 'k8s.io') {
    const name = /^[\w.-]{1,60}$/.exec(service ?? '')?.[0] ?? 'other';
    return skipped(`${name} record`);
  }
  return convert(value, payload, text);
};

function isOtherEntry(value: JsonObject): boolean {
  return typeof value['logName'] === 'string' && ('textPayload' in value || 'jsonPayload' in value);
}

function skipped(what: string): Wrapping {
  return { format: 'gke', inside: [{ kind: 'skipped', what }] };
}

function convert(entry: JsonObject, payload: JsonObject, text: string): Wrapping {
  const target = targetOf(payload);
  const { status, isInferred } = statusOf(payload);
  const request = textAt(text, ['protoPayload', 'request'])?.text;
  const response = textAt(text, ['protoPayload', 'response'])?.text;
  const members: readonly (readonly [member: string, json: string | undefined])[] = [
    ['kind', '"Event"'],
    ['apiVersion', '"audit.k8s.io/v1"'],
    ['level', JSON.stringify(levelOf(request, response))],
    ['auditID', JSON.stringify(entry['insertId'])],
    ['stage', JSON.stringify(stageOf(entry))],
    ['requestURI', JSON.stringify(target.uri)],
    ['verb', JSON.stringify(target.verb)],
    ['user', JSON.stringify({ username: at(payload, 'authenticationInfo', 'principalEmail') })],
    ['sourceIPs', listOf(at(payload, 'requestMetadata', 'callerIp'))],
    ['userAgent', JSON.stringify(at(payload, 'requestMetadata', 'callerSuppliedUserAgent'))],
    ['objectRef', JSON.stringify(target.objectRef)],
    ['responseStatus', JSON.stringify(status)],
    ['requestObject', request],
    ['responseObject', response],
    ['stageTimestamp', JSON.stringify(entry['timestamp'])],
    ['annotations', textAt(text, ['labels'])?.text],
  ];
  const event = members.flatMap(([member, json]) => (json === undefined ? [] : [`"${member}":${json}`])).join(',');
  return { format: 'gke', inside: [{ kind: 'text', text: `{${event}}`, added: addedBy(entry, isInferred) }] };
}

function addedBy(entry: JsonObject, isCodeInferred: boolean): Added {
  const inferred = ['level', 'stage', 'requestURI', 'objectRef', ...(isCodeInferred ? ['responseStatus.code'] : [])];
  const cluster = at(entry, 'resource', 'labels', 'cluster_name');
  return { ...addedOf({ cluster, log_group: entry['logName'], received: entry['receiveTimestamp'] }), inferred };
}

function listOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify([value]);
}

/** The bodies that are there say what was logged. */
function levelOf(request: string | undefined, response: string | undefined): string {
  if (response !== undefined) return 'RequestResponse';
  return request === undefined ? 'Metadata' : 'Request';
}

/** An entry is written when a request has ended, unless it says that it is only the first of several. */
function stageOf(entry: JsonObject): string {
  const isBeginning = at(entry, 'operation', 'first') === true && at(entry, 'operation', 'last') !== true;
  return isBeginning ? 'ResponseStarted' : 'ResponseComplete';
}

interface Target {
  readonly uri: string;
  readonly verb: string;
  readonly objectRef: JsonObject | undefined;
}

const VERSION = /^v\d+(?:(?:alpha|beta)\d+)?$/;

/**
 * `io.k8s.apps.v1.deployments.scale.update` and `apps/v1/namespaces/shop/deployments/web/scale`: the verb and the resource
 * from the method, because in a name `namespaces/shop/status` is ambiguous; group, namespace and name from the resource.
 */
function targetOf(payload: JsonObject): Target {
  const name = stringOf(payload['resourceName']) ?? '';
  const method = (stringOf(payload['methodName']) ?? '').split('.');
  const verb = method.at(-1) ?? '';
  const [group = '', version = '', ...rest] = name.split('/');
  if (!VERSION.test(version)) return { uri: `/${name}`, verb, objectRef: undefined };
  const isCore = group === 'core';
  const base = isCore ? `/api/${version}` : `/apis/${group}/${version}`;
  const place = method.lastIndexOf(version);
  const [resource, subresource] = place === -1 ? [] : method.slice(place + 1, -1);
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2 && resource !== 'namespaces';
  const [named, object, below] = isNamespaced ? rest.slice(2) : rest;
  const objectRef = {
    resource: resource ?? named,
    namespace: isNamespaced || named === 'namespaces' ? rest[1] : undefined,
    name: object,
    apiGroup: isCore ? undefined : group,
    apiVersion: version,
    subresource: subresource ?? below,
  };
  return { uri: [base, ...rest].join('/'), verb, objectRef };
}

/** HTTP codes by gRPC code (google.rpc.Code). Aborted is what a Kubernetes conflict becomes. */
const HTTP_CODES = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

const PERMISSION_DENIED = 7;

/** A Status in the response holds the true HTTP code; otherwise it follows from the gRPC code, or from a right not granted. */
function statusOf(payload: JsonObject): { readonly status: JsonObject; readonly isInferred: boolean } {
  const body = payload['response'];
  const message = at(payload, 'status', 'message');
  if (isObject(body) && body['kind'] === 'Status' && Number.isInteger(body['code'])) {
    const { status, reason, details, code } = body;
    return {
      status: { metadata: {}, status, message: body['message'] ?? message, reason, details, code },
      isInferred: false,
    };
  }
  const grpc = at(payload, 'status', 'code') ?? (isDenied(payload) ? PERMISSION_DENIED : 0);
  const code = typeof grpc === 'number' ? HTTP_CODES[grpc] : undefined;
  return { status: { metadata: {}, message, code }, isInferred: true };
}

/** Only what is said counts: an entry may leave out what is false, and what is not known. */
function isDenied({ authorizationInfo }: JsonObject): boolean {
  return objectsIn(authorizationInfo).some(({ granted }) => granted === false);
}
