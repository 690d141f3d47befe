/**
 * Finds values in JSON text by their place, without rewriting anything around them.
 * Iterative, because the depth of a document is its sender's choice. Expects text that JSON.parse has accepted.
 */

/** Keys and array indexes from the root to a value. Reused between calls: copy what is kept. */
export type JsonPath = readonly (string | number)[];

/** Half-open range of a value in the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `enter` looks into the value, `skip` steps over it, `mark` reports its span. */
export type Visit = (path: JsonPath, start: number) => 'enter' | 'skip' | 'mark';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const NO_KEY = -1;

/** Spans of the marked values, in the order of the text. `visit` is asked for each value, the root included. */
export function findSpans(text: string, visit: Visit): readonly Span[] {
  const spans: Span[] = [];
  const path: (string | number)[] = [];
  let at = skipBlank(text, 0);
  for (;;) {
    const verdict = visit(path, at);
    if (verdict === 'enter' && isContainer(text.charCodeAt(at))) {
      path.push(text.charCodeAt(at) === OPEN_ARRAY ? -1 : '');
      at += 1;
    } else {
      const end = endOfValue(text, at);
      if (verdict === 'mark') spans.push({ start: at, end });
      at = end;
    }
    const next = nextMember(text, at, path);
    if (next === undefined) return spans;
    at = next;
  }
}

/** A member of an object, somewhere in a text. */
export interface Member {
  /** Keys from the root to it, without array indexes. */
  readonly keys: readonly string[];
  /** Of its value. */
  readonly span: Span;
}

/**
 * Members with one of these names, in the order of the text; inside of one is not looked. A string before a colon is a
 * key: nothing else has to be known of the structure, and no path is put together but for what is found.
 */
export function findMembers(text: string, names: ReadonlySet<string>): readonly Member[] {
  const shortest = Math.min(...[...names].map((name) => name.length));
  const found: Member[] = [];
  /** Where the keys of the open containers begin; none in an array. */
  const holders: number[] = [];
  let key = NO_KEY;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code !== QUOTE) {
      if (isContainer(code)) {
        holders.push(key);
        key = NO_KEY;
      } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) key = holders.pop() ?? NO_KEY;
      at += 1;
      continue;
    }
    const end = endOfString(text, at);
    const colon = skipBlank(text, end);
    if (text.charCodeAt(colon) === COLON) {
      key = at;
      if (end - at - 2 >= shortest && names.has(readKey(text, at, end))) {
        const start = skipBlank(text, colon + 1);
        const span = { start, end: endOfValue(text, start) };
        found.push({ keys: [...holders, key].filter(isKey).map((place) => keyAt(text, place)), span });
        at = span.end;
        continue;
      }
    }
    at = end;
  }
  return found;
}

function isKey(place: number): boolean {
  return place !== NO_KEY;
}

function keyAt(text: string, start: number): string {
  return readKey(text, start, endOfString(text, start));
}

/** Moves to the next value, closing what ends on the way; undefined at the end of the text. */
function nextMember(text: string, from: number, path: (string | number)[]): number | undefined {
  let at = skipBlank(text, from);
  while (path.length > 0) {
    const code = text.charCodeAt(at);
    if (code !== CLOSE_ARRAY && code !== CLOSE_OBJECT) break;
    path.pop();
    at = skipBlank(text, at + 1);
  }
  const holder = path.at(-1);
  if (holder === undefined) return undefined;
  if (text.charCodeAt(at) === COMMA) at = skipBlank(text, at + 1);
  if (typeof holder === 'number') {
    path[path.length - 1] = holder + 1;
    return at;
  }
  const end = endOfString(text, at);
  path[path.length - 1] = readKey(text, at, end);
  return skipBlank(text, skipBlank(text, end) + 1);
}

function readKey(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1);
  return key.includes('\\') ? String(JSON.parse(text.slice(start, end))) : key;
}

function isContainer(code: number): boolean {
  return code === OPEN_OBJECT || code === OPEN_ARRAY;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 32) at += 1;
  return at;
}

/** Where the value that starts here ends. */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  return isContainer(first) ? endOfContainer(text, start) : endOfScalar(text, start);
}

function endOfContainer(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (isContainer(code)) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}

function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

/** An odd number of backslashes before a quote makes it part of its string. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text.charCodeAt(at) === BACKSLASH) at -= 1;
  return (quote - 1 - at) % 2 === 1;
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY) break;
    at += 1;
  }
  return at;
}
