import { isNode, LineCounter, parseDocument } from 'yaml';

/** The line of a file that a problem is about, counted from 1; undefined where it is about the file as a whole. */
export function lineOf(source: string, problem: string): number | undefined {
  const [, said] = /\bat line (\d+), column \d+/.exec(problem) ?? [];
  if (said !== undefined) return Number(said);
  const [, place] = /^([\w.@-]+)(?=: | is no field)/.exec(problem) ?? [];
  if (place === undefined) return undefined;
  return lineOfKey(source, place.split('.')) ?? lineWith(source, place);
}

/** The line of what stands at a path, or of the nearest thing above it that is there. */
function lineOfKey(source: string, path: readonly string[]): number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(source, { version: '1.2', schema: 'core', lineCounter: lines });
  for (let length = path.length; length > 0; length -= 1) {
    const above = path.slice(0, length).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    const node = document.getIn(above, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

/** The first line that holds a word, such as a field that is named without its place. */
function lineWith(source: string, word: string): number | undefined {
  const at = source.split('\n').findIndex((line) => line.includes(word));
  return at < 0 ? undefined : at + 1;
}
