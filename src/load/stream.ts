import { Readable } from 'node:stream';
import { parser } from 'stream-json';

type Token = { readonly name: string; readonly value?: unknown };

/** Text of one event out of a larger JSON document. */
export interface StreamedItem {
  readonly text: string;
  readonly wrapping: 'Event' | 'EventList' | 'array';
}

/**
 * Reads JSON that is too large for one piece: an EventList, an array, values one after another. Each event's text is
 * written anew, without layout, from the parser's tokens; numbers keep their digits. Throws where the JSON breaks,
 * after everything before that has been delivered.
 */
export async function* streamItems(chunks: AsyncIterable<Buffer>): AsyncGenerator<StreamedItem> {
  const tokens = parser.asStream({ jsonStreaming: true, streamValues: false });
  const source = Readable.from(withoutBom(chunks));
  source.on('error', (error) => tokens.destroy(error));
  source.pipe(tokens);
  const collect = itemCollector();
  try {
    for await (const token of tokens) {
      const item = collect(token as Token);
      if (item !== undefined) yield item;
    }
  } finally {
    source.destroy();
  }
}

async function* withoutBom(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    yield first && chunk.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? chunk.subarray(3) : chunk;
    first = false;
  }
}

/** Takes tokens and gives an item's text whenever one is complete. Elements of a root array and of a root's `items` are items. */
function itemCollector(): (token: Token) => StreamedItem | undefined {
  const root = textWriter();
  const element = textWriter();
  let within: 'EventList' | 'array' | undefined;
  let isWrapper = false;
  return (token) => {
    if (within !== undefined && (element.depth() > 0 || token.name !== 'endArray')) {
      const text = element.write(token);
      return text === undefined ? undefined : { text, wrapping: within };
    }
    if (within !== undefined) within = undefined;
    else if (token.name === 'startArray' && root.depth() === 0) within = 'array';
    else if (token.name === 'startArray' && root.depth() === 1 && root.key() === 'items') within = 'EventList';
    isWrapper ||= within !== undefined;
    const text = root.write(token);
    if (text === undefined) return undefined;
    const wrapped = isWrapper;
    isWrapper = false;
    return wrapped ? undefined : { text, wrapping: 'Event' };
  };
}

interface TextWriter {
  /** Takes a token; gives the text when the value is complete. */
  readonly write: (token: Token) => string | undefined;
  readonly depth: () => number;
  /** The key whose value comes next. */
  readonly key: () => string | undefined;
}

/** Writes JSON from tokens: stream-json's own assembler would round numbers and lose a key named __proto__. */
function textWriter(): TextWriter {
  let parts: string[] = [];
  let depth = 0;
  let comma = false;
  let key: string | undefined;
  const put = (text: string): void => {
    parts.push(comma ? `,${text}` : text);
    comma = true;
    key = undefined;
  };
  const open = (bracket: string): void => {
    put(bracket);
    comma = false;
    depth += 1;
  };
  const close = (bracket: string): void => {
    parts.push(bracket);
    comma = true;
    depth -= 1;
  };
  const actions: Readonly<Record<string, (value: unknown) => void>> = {
    startObject: () => open('{'),
    endObject: () => close('}'),
    startArray: () => open('['),
    endArray: () => close(']'),
    keyValue: (value) => {
      put(`${JSON.stringify(value)}:`);
      comma = false;
      key = String(value);
    },
    stringValue: (value) => put(JSON.stringify(value)),
    numberValue: (value) => put(String(value)),
    trueValue: () => put('true'),
    falseValue: () => put('false'),
    nullValue: () => put('null'),
  };
  return {
    depth: () => depth,
    key: () => key,
    write: (token) => {
      const action = actions[token.name];
      if (action === undefined) return undefined;
      action(token.value);
      if (depth > 0 || key !== undefined) return undefined;
      const text = parts.join('');
      parts = [];
      comma = false;
      return text;
    },
  };
}
