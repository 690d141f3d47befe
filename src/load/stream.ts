import { jsonParser } from 'stream-json/parser.js';
import { messageOf } from '../shared/errors.ts';
import { LONGEST_LINE } from './lines.ts';

/** The JSON of a document breaks, or is more than the parser should hold. */
export class BrokenJson extends Error {
  override readonly name = 'BrokenJson';
}

type Token = { readonly name: string; readonly value?: unknown };

/** The parser throws away what it has read of a piece that does not parse: less than one event, at this size. */
const PIECE = 256;

/** One element out of a larger JSON document. `before + text + after` is a document of the same kind that holds it alone. */
export interface StreamedItem {
  readonly before: string;
  /** Of an overlong one only its beginning. */
  readonly text: string;
  readonly after: string;
  /** Characters of all of it. */
  readonly length: number;
  readonly overlong: boolean;
}

/** Arrays whose elements are taken one by one: how a document that holds just one of them begins and ends. */
const CONTAINERS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  items: ['"kind":"EventList","items":[', ']}'],
  records: ['"records":[', ']}'],
  logEvents: ['"messageType":"DATA_MESSAGE","logEvents":[', ']}'],
  events: ['"events":[', ']}'],
  results: ['"results":[', ']}'],
  streams: ['"streams":[', ']}'],
  'hits.hits': ['"hits":{"hits":[', ']}}'],
  'data.result': ['"data":{"result":[', ']}}'],
};
/** What stands beside such an array, such as the name of a log group, is kept with each element, within bounds. */
const KEPT_NAMES = 16;
const KEPT_CHARACTERS = 1024;
const KEPT_OF_OVERLONG = 64 * 1024;
/** Pieces of text that are joined before there are too many of them: each costs more than its characters. */
const MOST_PARTS = 4096;

/**
 * Reads JSON that is too large for one piece: a list of one of the kinds above, an array, values one after another. Each
 * element's text is written anew, without layout, from the parser's tokens; numbers keep their digits. Of one that is
 * longer than the longest only the beginning is kept. Throws BrokenJson where the JSON breaks, after everything before
 * that has been delivered, and where a single string or number goes on for longer, because the parser holds all of that.
 */
export async function* streamItems(
  chunks: AsyncIterable<Buffer>,
  longest = LONGEST_LINE,
): AsyncGenerator<StreamedItem> {
  const tokenize = jsonParser({ jsonStreaming: true, streamValues: false });
  const collector = itemCollector(longest);
  let sinceToken = 0;
  for await (const text of decoded(chunks)) {
    for (let start = 0; start < text.length; start += PIECE) {
      const piece = text.slice(start, start + PIECE);
      const tokens = tokensOf(tokenize, piece);
      sinceToken += piece.length;
      if (sinceToken > longest + PIECE)
        throw new BrokenJson(`a string of more than ${longest.toLocaleString('en')} characters`);
      if (typeof tokens !== 'object' || tokens === null || !('values' in tokens)) continue;
      if (tokens.values.length > 0) sinceToken = 0;
      for (const token of tokens.values) {
        const item = collector.take(token);
        if (item !== undefined) yield item;
      }
    }
  }
  if (collector.isOpen()) throw new BrokenJson('it ends before its last bracket');
}

function tokensOf(tokenize: ReturnType<typeof jsonParser>, piece: string): ReturnType<typeof tokenize> {
  try {
    return tokenize(piece);
  } catch (error) {
    throw new BrokenJson(messageOf(error), { cause: error });
  }
}

/** Text of the bytes, without a byte order mark; a blank at its end completes a number. */
async function* decoded(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield `${decoder.decode()}\n`;
}

interface ItemCollector {
  readonly take: (token: Token) => StreamedItem | undefined;
  /** Whether something has begun and not ended. */
  readonly isOpen: () => boolean;
}

type Around = readonly [before: string, after: string];

/** Takes tokens and gives an item whenever one is complete. */
function itemCollector(longest: number): ItemCollector {
  const root = textWriter(longest);
  const element = textWriter(longest);
  let around: Around | undefined;
  let isWrapper = false;
  let outerKey: string | undefined;
  let names: string[] = [];
  const note = ({ name, value }: Token): void => {
    if (name === 'startObject' && root.depth() === 1) outerKey = root.key();
    const key = root.depth() === 1 ? root.key() : undefined;
    const isName = key !== undefined && name === 'stringValue' && String(value).length <= KEPT_CHARACTERS;
    if (isName && names.length < KEPT_NAMES) names.push(`${JSON.stringify(key)}:${JSON.stringify(value)},`);
  };
  const container = (): Around | undefined => {
    if (root.depth() === 0) return ['[', ']'];
    if (root.depth() > 2) return undefined;
    const path = root.depth() === 1 ? root.key() : `${outerKey}.${root.key()}`;
    const found = path !== undefined && Object.hasOwn(CONTAINERS, path) ? CONTAINERS[path] : undefined;
    return found && [`{${names.join('')}${found[0]}`, found[1]];
  };
  const take = (token: Token): StreamedItem | undefined => {
    if (around !== undefined && (element.depth() > 0 || token.name !== 'endArray')) {
      const written = element.write(token);
      return written && { before: around[0], ...written, after: around[1] };
    }
    note(token);
    around = around === undefined && token.name === 'startArray' ? container() : undefined;
    isWrapper ||= around !== undefined;
    const written = root.write(token);
    if (written === undefined) return undefined;
    const wrapped = isWrapper;
    isWrapper = false;
    names = [];
    return wrapped ? undefined : { before: '', ...written, after: '' };
  };
  return { take, isOpen: () => root.depth() > 0 };
}

type Written = Pick<StreamedItem, 'text' | 'length' | 'overlong'>;

interface TextWriter {
  /** Takes a token; gives the text when the value is complete. */
  readonly write: (token: Token) => Written | undefined;
  readonly depth: () => number;
  /** The key whose value comes next. */
  readonly key: () => string | undefined;
}

/** Writes JSON from tokens: stream-json's own assembler would round numbers and lose a key named __proto__. */
function textWriter(longest: number): TextWriter {
  let blocks: string[] = [];
  let parts: string[] = [];
  let length = 0;
  let depth = 0;
  let comma = false;
  let key: string | undefined;
  const written = (): string => [...blocks, ...parts].join('');
  const append = (text: string): void => {
    if (length <= longest) parts.push(text);
    length += text.length;
    if (parts.length > 0 && length > longest) blocks = [written().slice(0, KEPT_OF_OVERLONG)];
    else if (parts.length === MOST_PARTS) blocks.push(parts.join(''));
    else return;
    parts = [];
  };
  const put = (text: string): void => {
    append(comma ? `,${text}` : text);
    comma = true;
    key = undefined;
  };
  const open = (bracket: string): void => {
    put(bracket);
    comma = false;
    depth += 1;
  };
  const close = (bracket: string): void => {
    append(bracket);
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
      const complete = { text: written(), length, overlong: length > longest };
      blocks = [];
      parts = [];
      length = 0;
      comma = false;
      return complete;
    },
  };
}
