/** A client can make its words as long as a request may be: such are not worth remembering. */
const LONGEST = 4096;
/** The memory starts afresh at so many answers, because a client can choose as many words as it likes. */
const MOST_ANSWERS = 4096;

/** Remembers a pure function's answers by its text. Users, agents and reasons repeat by the million. */
export function memoiseText<T>(derive: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (text.length > LONGEST) return derive(text);
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const value = derive(text);
    if (known.size >= MOST_ANSWERS) known.clear();
    known.set(text, value);
    return value;
  };
}

type Word = string | undefined;

/** What followed the same words so far. */
interface Node<T> {
  readonly next: Map<Word, Node<T>>;
  /** The way that was taken last: most often it is taken again, and comparing costs less than hashing. */
  lastWord: Word;
  last: Node<T> | undefined;
  answer: T | undefined;
}

/**
 * Remembers answers by the words that they depend on. One step for each word: putting them together into one key would
 * cost more than all the rest (bench/event.bench.ts).
 */
export function memoiseWords<I, T>(derive: (input: I) => T, wordsOf: (input: I) => readonly Word[]): (input: I) => T {
  let root = newNode<T>();
  let answers = 0;
  return (input) => {
    const words = wordsOf(input);
    if (lengthOf(words) > LONGEST) return derive(input);
    if (answers >= MOST_ANSWERS) {
      root = newNode();
      answers = 0;
    }
    const node = words.reduce(follow, root);
    if (node.answer === undefined) {
      node.answer = derive(input);
      answers += 1;
    }
    return node.answer;
  };
}

function newNode<T>(): Node<T> {
  return { next: new Map(), lastWord: undefined, last: undefined, answer: undefined };
}

function follow<T>(from: Node<T>, word: Word): Node<T> {
  if (from.last !== undefined && from.lastWord === word) return from.last;
  let node = from.next.get(word);
  if (node === undefined) {
    node = newNode();
    from.next.set(word, node);
  }
  from.lastWord = word;
  from.last = node;
  return node;
}

function lengthOf(words: readonly Word[]): number {
  return words.reduce((sum, word) => sum + (word?.length ?? 0), 0);
}
