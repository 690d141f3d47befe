import { isObject } from '../../src/audit/event.ts';

/** A member somewhere below a value. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((current, key) => (isObject(current) ? current[key] : undefined), value);
}
