import { at, isObject, type JsonObject } from '../../shared/json.ts';
import type { AuditEvent } from '../event.ts';
import { objectsIn } from './values.ts';

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
    return whole
      ? { objects: withItems(responseObject), copies: false, whole }
      : { ...patchedParts(requestObject), whole };
  }
  const objects = [requestObject, responseObject].filter(isObject).flatMap(withItems);
  return isObject(requestObject) || whole ? { objects, copies: false, whole } : undefined;
}

/** An object, and those that it holds where it is a List or a Table. */
function withItems(body: JsonObject): readonly JsonObject[] {
  const rows = objectsIn(body['rows']).map((row) => row['object']);
  return [body, ...objectsIn(body['items']), ...rows.filter(isObject)];
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

/**
 * Whether a patch takes away what is at a path: a JSON Patch by removing it, something that holds it, or something in it,
 * or by replacing what holds it; a merge patch by null; a strategic one by `$patch` in what holds it. An update that
 * leaves it out does the same, and does not show it.
 */
export function takesAway(patch: unknown, ...path: readonly string[]): boolean {
  if (Array.isArray(patch)) return patch.some((operation) => removesAt(operation, path));
  const directives = path.map((_, index) => at(patch, ...path.slice(0, index), '$patch'));
  return (
    path.some((_, index) => at(patch, ...path.slice(0, index + 1)) === null) ||
    directives.includes('delete') ||
    (directives.includes('replace') && at(patch, ...path) === undefined)
  );
}

function removesAt(operation: unknown, path: readonly string[]): boolean {
  const op = at(operation, 'op');
  const pointer = at(operation, op === 'move' ? 'from' : 'path');
  if (typeof pointer !== 'string') return false;
  const keys = keysOf(pointer);
  if (!path.every((key, index) => index >= keys.length || keys[index] === key)) return false;
  return (
    op === 'remove' || op === 'move' || ((op === 'replace' || op === 'add') && lacks(operation, path, keys.length))
  );
}

/** Whether the value that is put in at so many steps of a path has nothing at the rest of it. */
function lacks(operation: unknown, path: readonly string[], steps: number): boolean {
  const value = at(operation, 'value', ...path.slice(steps));
  return value === null || value === undefined;
}

/** An array's index, or its end; the API server's library (evanphx/json-patch) takes signs as well. */
const INDEX = /^(-|[+-]?\d+)$/;

/** `/rules/0/verbs/-` with `get` is `{ rules: [{ verbs: ['get'] }] }`. */
function partAt(path: string, value: unknown): unknown {
  return keysOf(path).reduceRight<unknown>((below, key) => (INDEX.test(key) ? [below] : { [key]: below }), value);
}

function keysOf(pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map(unescapePointer);
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
