import { isObject } from '../../src/shared/json.ts';

/** A member somewhere below a value. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((current, key) => (isObject(current) ? current[key] : undefined), value);
}
