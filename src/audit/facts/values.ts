/** Reading values that a client chose: of any type, any length and any number. */
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';

/** The most values that one list of facts keeps: a client may send thousands. */
export const LIST_LIMIT = 256;
/** The most characters of a text that was chosen by a client; the index would not search longer ones. */
export const TEXT_LIMIT = 1024;

export type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The facts that there are; undefined for none. */
export function present<T extends object>(facts: T): Present<T> | undefined {
  const held = Object.entries(facts).filter(([, value]) => value !== undefined);
  return held.length === 0 ? undefined : (Object.fromEntries(held) as Present<T>);
}

/** Cut at the limit, and never between the halves of a character: the server refuses half ones. */
export function clip(text: string, limit = TEXT_LIMIT): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
}

/** A text that says something, cut at the limit. */
export function textOf(value: unknown): string | undefined {
  const text = stringOf(value);
  return text === undefined ? undefined : clip(text);
}

/** A whole number that both JSON and the index keep as it is. */
export function integerOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}

/** A whole number that is written as a text, as in a URI. */
export function integerIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * Distinct non-empty strings, each cut at the limit, in the order of their first appearance; undefined for none. One more
 * than a list keeps tells that there are more (cut.ts).
 */
export function distinct(values: Iterable<unknown>): readonly string[] | undefined {
  const seen = new Set<string>();
  for (const value of values) {
    if (typeof value === 'string' && value !== '') seen.add(clip(value));
    if (seen.size > LIST_LIMIT) break;
  }
  return seen.size === 0 ? undefined : [...seen];
}

/** Distinct whole numbers, as above. */
export function distinctIntegers(values: Iterable<unknown>): readonly number[] | undefined {
  const seen = new Set<number>();
  for (const value of values) {
    const number = integerOf(value);
    if (number !== undefined) seen.add(number);
    if (seen.size > LIST_LIMIT) break;
  }
  return seen.size === 0 ? undefined : [...seen];
}

export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The values of all objects at a path; a path may lead through lists. */
export function allAt(values: readonly unknown[], ...path: readonly string[]): readonly unknown[] {
  const found: unknown[] = [];
  for (const value of values) collectAt(value, path, 0, found);
  return found;
}

function collectAt(value: unknown, path: readonly string[], depth: number, found: unknown[]): void {
  if (Array.isArray(value)) {
    for (const item of value) if (!Array.isArray(item)) collectAt(item, path, depth, found);
    return;
  }
  const key = path[depth];
  if (key === undefined) {
    if (value !== undefined) found.push(value);
  } else if (isObject(value) && Object.hasOwn(value, key)) collectAt(value[key], path, depth + 1, found);
}

/** The first text at a path of several objects. */
export function firstText(objects: readonly JsonObject[], ...path: readonly string[]): string | undefined {
  return textOf(objects.map((object) => at(object, ...path)).find((value) => stringOf(value) !== undefined));
}

export function firstInteger(objects: readonly JsonObject[], ...path: readonly string[]): number | undefined {
  return objects.map((object) => integerOf(at(object, ...path))).find((value) => value !== undefined);
}

/** `key=value` of each text in a map, as labels and selectors are written. */
export function pairsIn(map: unknown): readonly string[] {
  if (!isObject(map)) return [];
  return Object.entries(map).flatMap(([key, value]) => (isScalar(value) ? [`${key}=${value}`] : []));
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
