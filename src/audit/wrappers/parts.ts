/** Parts of a JSON text as they stand there, byte for byte. All expect text that JSON.parse has accepted. */
import { findSpans, type Span } from '../json-spans.ts';

/** One JSON value out of a larger text. */
export interface Part {
  readonly text: string;
  readonly value: unknown;
  /** Characters from the start of the larger text. */
  readonly offset: number;
}

/** The elements of the array that `path` leads to, whose parsed values are given, each with its own text. */
export function elementsAt(text: string, values: readonly unknown[], path: readonly string[]): readonly Part[] {
  const spans = findSpans(text, (place) => {
    if (place.length > path.length) return 'mark';
    return isOnPath(place, path) ? 'enter' : 'skip';
  });
  // A second key of the same name overrides the first for JSON.parse: then the text of each says what it is.
  const paired = spans.length === values.length;
  return spans.map(({ start, end }, index) => {
    const part = text.slice(start, end);
    return { text: part, value: paired ? values[index] : JSON.parse(part), offset: start };
  });
}

/** The text of the value that `path` leads to; of several under the same key the last, as JSON.parse takes it. */
export function textAt(text: string, path: readonly string[]): { text: string; offset: number } | undefined {
  const spans = findSpans(text, (place) => {
    if (!isOnPath(place, path)) return 'skip';
    return place.length === path.length ? 'mark' : 'enter';
  });
  const span = spans.at(-1);
  return span && { text: text.slice(span.start, span.end), offset: span.start };
}

function isOnPath(place: readonly (string | number)[], path: readonly string[]): boolean {
  return place.length === 0 || place.at(-1) === path[place.length - 1];
}

/** An object's text without some of its members; what stays is not touched. */
export function withoutMembers(text: string, isDropped: (key: string) => boolean): string {
  const dropped: boolean[] = [];
  const spans = findSpans(text, (place) => {
    if (place.length === 0) return 'enter';
    dropped.push(isDropped(String(place[0])));
    return 'mark';
  });
  let from = text.indexOf('{') + 1;
  let members = '';
  for (const [index, { end }] of spans.entries()) {
    if (dropped[index] === false) members += text.slice(from, end);
    from = end;
  }
  return `{${withoutComma(members)}${text.slice(endOf(spans))}`;
}

function endOf(spans: readonly Span[]): number {
  return spans.at(-1)?.end ?? 1;
}

/** The first member that stays may have followed one that went. */
function withoutComma(members: string): string {
  return members.replace(/^\s*,\s*/, '');
}
