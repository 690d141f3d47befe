import stringWidth from 'string-width';

/**
 * What must not reach a terminal or page as it is: controls (a terminal obeys them), invisible characters, and those
 * that turn the direction of writing (a name could hide its end). Everything in an audit log may be an attacker's choice.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\p{Variation_Selector}|\u034f|\u17b4|\u17b5/gu;

/** Text with unsafe characters spelt out (`\u{1b}`), cut to a display width with an ellipsis. */
export function safeText(text: string, maxWidth = Number.POSITIVE_INFINITY): string {
  return cut(
    text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`),
    maxWidth,
  );
}

/** As `safeText`, for JSON: unsafe characters become escapes that JSON knows. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Safe text whose beginning is cut instead: of a path the end tells it from its neighbours. */
export function safeEnd(text: string, maxWidth: number): string {
  const safe = safeText(text);
  if (width(safe) <= maxWidth) return safe;
  const kept: string[] = [];
  let columns = 1;
  for (const { segment } of [...graphemes.segment(safe)].reverse()) {
    columns += width(segment);
    if (columns > maxWidth) break;
    kept.unshift(segment);
  }
  return `…${kept.join('')}`;
}

/** Columns that a text takes on a terminal. */
export function width(text: string): number {
  return stringWidth(text);
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function cut(text: string, maxWidth: number): string {
  if (text.length <= maxWidth && /^[\x20-\x7e]*$/.test(text)) return text;
  if (width(text) <= maxWidth) return text;
  return maxWidth < 1 ? '' : `${fitting(text, maxWidth - 1)}…`;
}

/** The beginning of a text that takes so many columns. */
function fitting(text: string, maxWidth: number): string {
  let kept = '';
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) {
    columns += width(segment);
    if (columns > maxWidth) break;
    kept += segment;
  }
  return kept;
}

/** Lines of at most `columns`, broken at blanks, and within a word that is longer. Later lines begin with `indent` blanks. */
export function wrap(text: string, columns: number, indent = 0): readonly string[] {
  const lines: string[] = [];
  const margin = ' '.repeat(indent);
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    const isFull = line !== '' && width(joined) > columns;
    if (isFull) lines.push(line);
    line = isFull ? margin + word : joined;
    while (width(line) > columns) {
      const head = fitting(line, columns);
      if (head.length <= indent) break;
      lines.push(head);
      line = margin + line.slice(head.length);
    }
  }
  return [...lines, line].map((one) => one.trimEnd());
}

/** As `wrap`, every line moved right by `margin` blanks, later ones by `indent` more. */
export function wrapIndented(text: string, columns: number, margin: number, indent = 0): readonly string[] {
  return wrap(text, columns - margin, indent).map((line) => ' '.repeat(margin) + line);
}
