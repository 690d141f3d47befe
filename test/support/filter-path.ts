import { isObject, type JsonObject } from '../../src/shared/json.ts';

/** Elasticsearch's response filtering, as far as we use it: names, `*` for one name; lists are passed through. */
export function filterPath(answer: JsonObject, paths: readonly string[]): JsonObject {
  const kept = keep(
    answer,
    paths.map((path) => path.split('.')),
  );
  return isObject(kept) ? kept : {};
}

function keep(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    // What keeps nothing of an element drops the element: the reason why each item's status must be asked for.
    const elements = value.map((element) => keep(element, paths)).filter((element) => element !== undefined);
    return elements.length > 0 ? elements : undefined;
  }
  if (!isObject(value)) return undefined;
  const members = Object.entries(value).flatMap(([key, member]) => {
    const below = paths.filter(([name]) => name === '*' || name === key).map((path) => path.slice(1));
    const kept = below.length === 0 ? undefined : keep(member, below);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}
