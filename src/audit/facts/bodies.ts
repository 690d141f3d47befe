import type { AuditEvent } from '../event.ts';
import { isObject, type JsonObject } from '../event.ts';

/** The most values that one list of facts keeps: a client may send thousands, and a query needs none of the rest. */
export const LIST_LIMIT = 256;

/** What the bodies of a request say of the object that it made. */
export interface Bodies {
  /** The object, or parts of it that were written one by one. */
  readonly objects: readonly JsonObject[];
  /** A JSON Patch copied or moved what the event does not show. */
  readonly copies: boolean;
  /** The object as it became is logged: nothing is left untold. */
  readonly whole: boolean;
}

/** Answers that are not the object that was made; a client can ask for the last two. */
const NO_OBJECT = new Set<unknown>(['Status', 'PartialObjectMetadata', 'Table']);

/**
 * What a request wants an object to be and what it became: the request's body and the response's; undefined where neither
 * is logged.
 */
export function bodiesOf({ requestObject, responseObject }: AuditEvent): Bodies | undefined {
  const whole = isObject(responseObject) && !NO_OBJECT.has(responseObject['kind']);
  if (Array.isArray(requestObject)) {
    // What became of a JSON Patch says more than the patch does.
    return whole ? { objects: [responseObject], copies: false, whole } : { ...patchedParts(requestObject), whole };
  }
  const objects = [requestObject, responseObject].filter(isObject);
  return isObject(requestObject) || whole ? { objects, copies: false, whole } : undefined;
}

/** Distinct non-empty strings in the order of their first appearance; undefined for none. */
export function distinct(values: Iterable<unknown>): readonly string[] | undefined {
  const seen = new Set<string>();
  for (const value of values) {
    if (typeof value === 'string' && value !== '') seen.add(value);
    if (seen.size === LIST_LIMIT) break;
  }
  return seen.size === 0 ? undefined : [...seen];
}

export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  return current;
}

export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/**
 * What a JSON Patch (RFC 6902) writes: for each operation the part of the object that it adds or replaces. Parts are not
 * put together, since what they are put into is unknown, and so no operation can hide what another one wrote.
 */
export function patchedParts(operations: readonly unknown[]): Pick<Bodies, 'objects' | 'copies'> {
  const objects: JsonObject[] = [];
  let copies = false;
  for (const operation of operations) {
    const path = at(operation, 'path');
    const op = at(operation, 'op');
    if (op === 'copy' || op === 'move') copies = true;
    if (typeof path !== 'string' || (op !== 'add' && op !== 'replace')) continue;
    const part = partAt(path, at(operation, 'value'));
    if (isObject(part)) objects.push(part);
  }
  return { objects, copies };
}

/** An array's index, or its end; the API server's library (evanphx/json-patch) takes signs as well. */
const INDEX = /^(-|[+-]?\d+)$/;

/** `/rules/0/verbs/-` with `get` is `{ rules: [{ verbs: ['get'] }] }`. */
function partAt(path: string, value: unknown): unknown {
  const keys = path.split('/').slice(1).map(unescapePointer);
  return keys.reduceRight<unknown>((below, key) => (INDEX.test(key) ? [below] : { [key]: below }), value);
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
