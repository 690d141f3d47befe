import type { RunResult } from '../query/types.ts';

/** Characters that a terminal would obey or that turn the direction of writing, which JSON allows as they are. */
const ODD = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One JSON object on one line: the data as they are, with odd characters escaped. */
export function renderJson({ window, coverage, results, hidden }: RunResult): string {
  const text = JSON.stringify({ window, coverage, results, hidden });
  return `${text.replace(ODD, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
