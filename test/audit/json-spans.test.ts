import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMembers, findSpans, type JsonPath } from '../../src/audit/json-spans.ts';

/** Every leaf with its path, as the scanner sees them and as JSON.parse does. */
function leavesByScan(text: string): readonly (readonly [string, unknown])[] {
  const paths: string[] = [];
  const spans = findSpans(text, (path, start) => {
    const isContainer = text[start] === '{' || text[start] === '[';
    if (!isContainer) paths.push(JSON.stringify(path));
    return isContainer ? 'enter' : 'mark';
  });
  return spans.map(({ start, end }, at) => [paths[at] ?? '', JSON.parse(text.slice(start, end))]);
}

function leavesByParse(value: unknown, path: JsonPath = []): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesByParse(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [[JSON.stringify(path), value]];
  return Object.entries(value).flatMap(([key, item]) => leavesByParse(item, [...path, key]));
}

describe('findSpans', () => {
  it('finds every leaf where JSON.parse does, in any layout', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const parsed = leavesByParse(JSON.parse(text));
        // Object.entries puts integer-like keys first, the text does not: compare as sets.
        expect([...leavesByScan(text)].sort()).toEqual([...parsed].sort());
      }),
    );
  });

  it('reads escaped keys', () => {
    expect(leavesByScan('{"d\\u0061ta":{"a\\"b":1}}')).toEqual([['["data","a\\"b"]', 1]]);
  });

  it('sees both of two equal keys', () => {
    expect(leavesByScan('{"a":1,"a":2}').map(([, value]) => value)).toEqual([1, 2]);
  });

  it('marks a whole container, with brackets and quotes inside its strings', () => {
    const text = '{ "a": {"x":"}]\\"\\\\"} , "b":[1] }';
    const spans = findSpans(text, (path) => (path.length === 0 ? 'enter' : 'mark'));
    expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(['{"x":"}]\\"\\\\"}', '[1]']);
  });

  it('is not bothered by depth', () => {
    const text = `${'['.repeat(200_000)}1${']'.repeat(200_000)}`;
    expect(findSpans(text, (path) => (path.length < 200_000 ? 'enter' : 'mark'))).toEqual([
      { start: 200_000, end: 200_001 },
    ]);
  });
});

/** Members with these names, found by what the general scanner says of every place. */
function membersByScan(text: string, names: ReadonlySet<string>): readonly (readonly [string, string])[] {
  const keys: string[] = [];
  const spans = findSpans(text, (path) => {
    const key = path.at(-1);
    if (typeof key !== 'string' || !names.has(key)) return 'enter';
    keys.push(path.filter((step) => typeof step === 'string').join('.'));
    return 'mark';
  });
  return spans.map(({ start, end }, at) => [keys[at] ?? '', text.slice(start, end)]);
}

describe('findMembers', () => {
  const names = new Set(['managed', 'a"b', 'naïve']);
  const key = fc.oneof(fc.constantFrom(...names, 'manage', 'managed:', '{', '\\', ''), fc.string());
  const { value: json } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom('"managed":', '}', 1, null, 'managed'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));

  it('finds what a walk through every place finds, in any layout', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const found = findMembers(text, names).map(({ keys, span }) => [
          keys.join('.'),
          text.slice(span.start, span.end),
        ]);
        expect(found).toEqual(membersByScan(text, names));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads escaped names', () => {
    expect(findMembers('{"x":[{"m\\u0061naged":1}]}', names).map(({ keys }) => keys)).toEqual([['x', 'managed']]);
  });
});
