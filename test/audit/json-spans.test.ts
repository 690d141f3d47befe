import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSpans, type JsonPath } from '../../src/audit/json-spans.ts';

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
