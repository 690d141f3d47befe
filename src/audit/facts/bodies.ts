import type { AuditEvent } from '../event.ts';
import { isObject, type JsonObject } from '../event.ts';

/** The most values that one list of facts keeps: a client may send thousands, and a query needs none of the rest. */
export const LIST_LIMIT = 256;

/** What a request wants an object to be and what it became: the request's body and the response's, where they are logged. */
export function bodiesOf(event: AuditEvent): readonly JsonObject[] {
  const requested = Array.isArray(event.requestObject) ? patchedObject(event.requestObject) : event.requestObject;
  return [requested, event.responseObject].filter(isObject);
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

type Branch = Map<string, Branch | { readonly value: unknown }>;

/**
 * The object that a JSON Patch (RFC 6902) describes by what it adds or replaces; what it removes or copies is unknown.
 * `/rules/-` and `/rules/0` become elements of an array.
 */
export function patchedObject(operations: readonly unknown[]): unknown {
  const root: Branch = new Map();
  for (const [index, operation] of operations.slice(0, LIST_LIMIT).entries()) {
    const path = at(operation, 'path');
    const op = at(operation, 'op');
    if (typeof path !== 'string' || (op !== 'add' && op !== 'replace')) continue;
    if (path === '') return at(operation, 'value');
    const keys = path.split('/', 32).slice(1).map(unescapePointer);
    plant(
      root,
      keys.map((key) => (key === '-' ? `-${index}` : key)),
      at(operation, 'value'),
    );
  }
  return grow(root);
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}

function plant(root: Branch, keys: readonly string[], value: unknown): void {
  let branch = root;
  for (const key of keys.slice(0, -1)) {
    const next = branch.get(key);
    const deeper: Branch = next instanceof Map ? next : new Map();
    branch.set(key, deeper);
    branch = deeper;
  }
  const last = keys.at(-1);
  if (last !== undefined) branch.set(last, { value });
}

function grow(branch: Branch): unknown {
  const members = [...branch].map(([key, child]) => [key, child instanceof Map ? grow(child) : child.value] as const);
  if (members.every(([key]) => /^(\d+|-\d+)$/.test(key))) return members.map(([, value]) => value);
  return Object.fromEntries(members);
}
