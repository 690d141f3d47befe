/**
 * Remembers a pure function's answers for strings. Users, agents and reasons repeat by the million;
 * the memory starts afresh at `limit`, because a client can choose as many of them as it likes.
 */
export function memoise<T>(derive: (text: string) => T, limit = 4096): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const value = derive(text);
    if (known.size >= limit) known.clear();
    known.set(text, value);
    return value;
  };
}
