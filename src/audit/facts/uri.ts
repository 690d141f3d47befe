/** What the URI of a request says beside its path. Exec, logs and proxies have no body: there it says everything. */

import { at, stringOf } from '../../shared/json.ts';
import type { AuditEvent, ObjectRef } from '../event.ts';
import { commandClasses, commandText, programOf } from './commands.ts';
import { withoutSecrets } from './inline-secrets.ts';
import { decodePath, isTrue, queryOf, valuesOf } from './query.ts';
import type {
  DeleteFacts,
  ExecFacts,
  ListFacts,
  LogReadFacts,
  ProxyFacts,
  UriFacts,
  WriteFacts,
} from './request-types.ts';
import type { Action } from './types.ts';
import { clip, distinctIntegers, integerIn, integerOf, present, textOf } from './values.ts';

type Query = ReadonlyMap<string, string> | undefined;

const NOTHING: UriFacts = {};
const UNSAFE_DELETE = 'apiserver.k8s.io/unsafe-delete-ignore-read-error';

export function uriFacts(event: AuditEvent, action: Action): UriFacts {
  switch (action) {
    case 'list':
    case 'watch':
      return given('list', listFacts(event, action));
    case 'write':
      return given('write', writeFacts(queryOf(event.requestURI)));
    case 'delete':
      return given('delete', deleteFacts(event));
    case 'connect':
      return connectFacts(event);
    case 'read':
      return isLog(event.objectRef) ? { log_read: logReadFacts(queryOf(event.requestURI)) } : NOTHING;
    case 'review':
      return NOTHING;
  }
}

function given<K extends keyof UriFacts>(name: K, facts: UriFacts[K] | undefined): UriFacts {
  return facts === undefined ? NOTHING : { [name]: facts };
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions says what a list and a watch begin with. */
function listFacts({ requestURI, objectRef }: AuditEvent, action: 'list' | 'watch'): ListFacts | undefined {
  const query = queryOf(requestURI);
  const limit = integerIn(query?.get('limit'));
  const version = stringOf(query?.get('resourceVersion'));
  const continued = stringOf(query?.get('continue')) !== undefined;
  const isLimited = continued || (limit ?? 0) > 0;
  const fromNow = version !== undefined && version !== '0' && !isTrue(query?.get('sendInitialEvents'));
  const full = objectRef?.name === undefined && !(action === 'list' ? isLimited : fromNow);
  return present({
    full: full || undefined,
    limit,
    continued: continued || undefined,
    resource_version: textOf(version),
  });
}

function writeFacts(query: Query): WriteFacts | undefined {
  if (query === undefined) return undefined;
  return present({
    field_manager: textOf(query.get('fieldManager')),
    forced: isTrue(query.get('force')) || undefined,
  });
}

/** Options are in the body, which an eviction has inside of its own, or in the URI. */
function deleteFacts({ requestURI, requestObject, annotations }: AuditEvent): DeleteFacts | undefined {
  const query = queryOf(requestURI);
  const options = at(requestObject, 'deleteOptions') ?? requestObject;
  return present({
    propagation: textOf(at(options, 'propagationPolicy')) ?? textOf(query?.get('propagationPolicy')),
    grace_seconds: integerOf(at(options, 'gracePeriodSeconds')) ?? integerIn(query?.get('gracePeriodSeconds')),
    unsafe: annotations[UNSAFE_DELETE] !== undefined || undefined,
  });
}

function connectFacts(event: AuditEvent): UriFacts {
  switch (event.objectRef?.subresource) {
    case 'exec':
    case 'attach':
      return { exec: execFacts(event.requestURI) };
    case 'portforward':
      return given('port_forward', portForwardFacts(event.requestURI));
    default:
      return given('proxy', proxyFacts(event));
  }
}

/** What a session started. The API server logs it only in the URI: exec has no body. */
function execFacts(requestURI: string): ExecFacts {
  const query = queryOf(requestURI);
  const words = valuesOf(requestURI, 'command');
  const container = query?.get('container');
  const program = textOf(programOf(words));
  const classes = commandClasses(words);
  return {
    ...(words.length > 0 && { command: commandText(withoutSecrets(words)) }),
    ...(program !== undefined && { program }),
    ...(classes !== undefined && { classes }),
    ...(container !== undefined && { container: clip(container) }),
    tty: isTrue(query?.get('tty')),
    stdin: isTrue(query?.get('stdin')),
  };
}

function portForwardFacts(requestURI: string): UriFacts['port_forward'] {
  const ports = distinctIntegers(valuesOf(requestURI, 'ports').map((port) => integerIn(port)));
  return ports === undefined ? undefined : { ports };
}

/** In a path that is decoded: the API server looks at no other. */
const PROXY_PATH = /^\/+api\/v1\/(?:namespaces\/[^/]+\/)?(?:nodes|pods|services)\/[^/]+\/proxy(\/.*)?$/s;
const KUBELET_PORTS = new Set([undefined, '10250', '10255']);

/** The name of a proxied object is `name`, `name:port` or `scheme:name:port`. */
function proxyFacts({ requestURI, objectRef }: AuditEvent): ProxyFacts | undefined {
  const parts = objectRef?.name?.split(':') ?? [];
  const [target, port] = parts.length > 2 ? parts.slice(1) : parts;
  const [own = ''] = requestURI.split('?', 1);
  const path = PROXY_PATH.exec(decodePath(own))?.[1] ?? queryOf(requestURI)?.get('path');
  const isKubelet = objectRef?.resource === 'nodes' && KUBELET_PORTS.has(stringOf(port));
  return present({
    target: textOf(target),
    port: textOf(port),
    path: textOf(path),
    kubelet: isKubelet ? textOf(path?.split('/').find((step) => step !== '')) : undefined,
  });
}

function isLog(ref: ObjectRef | undefined): boolean {
  return ref?.subresource === 'log' && ref.resource === 'pods' && ref.apiGroup === undefined;
}

function logReadFacts(query: Query): LogReadFacts {
  const facts = present({
    container: textOf(query?.get('container')),
    follow: isTrue(query?.get('follow')) || undefined,
    previous: isTrue(query?.get('previous')) || undefined,
    tail_lines: integerIn(query?.get('tailLines')),
  });
  return facts ?? {};
}
