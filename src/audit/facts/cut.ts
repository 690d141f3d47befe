/** Lists of facts are kept to a length, and what was cut is named: nobody hides behind values that nobody needs. */
import { LIST_LIMIT } from './values.ts';

/** Facts side by side, with no list longer than it may be; the last of them names those that were. */
export function withoutRest<T extends object>(
  facts: readonly T[],
): readonly (T | { readonly cut: readonly string[] })[] {
  const cut: string[] = [];
  for (const some of facts) nameLong(some, '', cut);
  return cut.length === 0 ? facts : [...facts.map(shortened), { cut }];
}

/** Names the lists that are too long: `rbac.subjects`. Every event comes by here, so that it makes nothing of its own. */
function nameLong<T extends object>(facts: T, prefix: string, long: string[]): void {
  for (const name in facts) {
    const value: unknown = facts[name];
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) nameLong(value, `${prefix}${name}.`, long);
    else if (value.length > LIST_LIMIT) long.push(prefix + name);
  }
}

function shortened<T extends object>(facts: T): T {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, shortenedValue(value)])) as T;
}

function shortenedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, LIST_LIMIT);
  return typeof value === 'object' && value !== null ? shortened(value) : value;
}
