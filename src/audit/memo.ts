/** A client can make its words as long as a request may be: such are not worth remembering. */
const LONGEST_KEY = 4096;

/**
 * Remembers a pure function's answers by a key of its input. Users, agents and reasons repeat by the million;
 * the memory starts afresh at `limit`, because a client can choose as many of them as it likes.
 */
export function memoise<I, T>(derive: (input: I) => T, keyOf: (input: I) => string, limit = 4096): (input: I) => T {
  const known = new Map<string, T>();
  return (input) => {
    const key = keyOf(input);
    if (key.length > LONGEST_KEY) return derive(input);
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const value = derive(input);
    if (known.size >= limit) known.clear();
    known.set(key, value);
    return value;
  };
}

/** `memoise` for functions of a text. */
export function memoiseText<T>(derive: (text: string) => T): (text: string) => T {
  return memoise(derive, (text) => text);
}
