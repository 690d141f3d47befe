/** Several values on one line: Firehose writes them without a newline, and a crash leaves half an event before the next. */

/** How every event begins that an API server or its webhook writes. */
const BEGINNING = /\{"kind":"Event(?:List)?","apiVersion":"audit\.k8s\.io\//y;

export interface Fragment {
  readonly text: string;
  readonly offset: number;
}

/**
 * Cuts a line that is no JSON into its values: after each one that is complete, and where an event begins in a place where
 * JSON allows no value, which proves that what stands before it was torn off. Where JSON does allow one, as after a colon,
 * it may be a client's object that looks like an event within a body: that is not believed, and stays where it is.
 */
export function fragmentsOf(text: string): readonly Fragment[] {
  const fragments: Fragment[] = [];
  let start = 0;
  let depth = 0;
  let inString = false;
  let last = '';
  const cut = (end: number): void => {
    const fragment = text.slice(start, end).trim();
    if (fragment !== '') fragments.push({ text: fragment, offset: start });
    start = end;
    depth = 0;
    inString = false;
    last = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '{' && at > start && isTorn(inString, last) && beginsEvent(text, at)) cut(at);
    if (inString) {
      if (char === '\\' && text[at + 1] !== '{') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
      last = char;
    } else if (char > ' ') {
      last = char;
      if (char === '{' || char === '[') depth += 1;
      else if (char === '}' || char === ']') depth -= 1;
      if (depth === 0 && (char === '}' || char === ']')) cut(at + 1);
    }
  }
  cut(text.length);
  return fragments;
}

/** Whether JSON allows no value here. Within a string, the first quote of an event's beginning would end it and be an error. */
function isTorn(inString: boolean, last: string): boolean {
  return inString || !(last === ':' || last === '[' || last === ',');
}

function beginsEvent(text: string, at: number): boolean {
  BEGINNING.lastIndex = at;
  return BEGINNING.test(text);
}
