/** Chance that is the same for the same seed. */
export interface Random {
  /** 0 <= n < 1 */
  readonly next: () => number;
  /** Whole, from low to high, both included. */
  readonly int: (low: number, high: number) => number;
  readonly pick: <T>(items: readonly [T, ...T[]]) => T;
  /** Version 4 in form. */
  readonly uuid: () => string;
  /** Of a given length, as generated names end: `x7k2p`. */
  readonly suffix: (length: number) => string;
}

/** Kubernetes leaves vowels and look-alikes out of generated names. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** sfc32 of PractRand: small, fast, and good enough for a simulation. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x243f6a88;
  let c = 0xb7e15162 ^ (seed >>> 16);
  let counter = 1;
  const word = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let warm = 0; warm < 16; warm += 1) word();
  const next = (): number => word() / 0x1_0000_0000;
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  // With a bit above the word, toString never drops a leading zero.
  const hex = (): string => (0x1_0000_0000 + word()).toString(16).slice(1);
  return {
    next,
    int,
    pick: (items) => items[int(0, items.length - 1)] ?? items[0],
    uuid: () => {
      const [first, second, third, fourth] = [hex(), hex(), hex(), hex()];
      return `${first}-${second.slice(0, 4)}-4${second.slice(5)}-a${third.slice(1, 4)}-${third.slice(4)}${fourth}`;
    },
    suffix: (length) => {
      let text = '';
      while (text.length < length) text += SUFFIX_LETTERS[int(0, SUFFIX_LETTERS.length - 1)];
      return text;
    },
  };
}

/** An identifier that belongs to a name: the same for the same name, in the form of a UUID. */
export function nameUuid(name: string): string {
  const hex = [0, 1, 2, 3].map((salt) => hash(name, salt).toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** FNV-1a, 32 bits. */
function hash(text: string, salt: number): number {
  let sum = 0x811c9dc5 ^ salt;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}
