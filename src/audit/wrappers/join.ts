/** Container runtimes cut lines at 16 KiB. They are joined before anything looks at what is in them. */
import { at, isObject, type JsonObject } from '../../shared/json.ts';
import { type Added, addedOf } from './wrapping.ts';

/** One line of a container's log, or a part of one. */
export interface Chunk<T> {
  readonly format: string;
  /** Lines with the same key are joined. */
  readonly key: string;
  readonly content: T;
  readonly isLast: boolean;
  readonly isError: boolean;
  readonly added: Added;
}

/** A line that is whole again. */
export interface Joined<T> {
  readonly content: T;
  /** Of its first part. */
  readonly offset: number;
}

export interface Joiner<T> {
  /** The line that a chunk completes. */
  readonly take: (chunk: Chunk<T>, offset: number) => Joined<T> | 'partial' | 'overlong';
  /** Lines whose end never came. */
  readonly end: () => readonly Joined<T>[];
  readonly isHolding: () => boolean;
}

/** Together, as for a line that comes in one piece. */
const MOST_HELD = 64 * 1024 * 1024;

/** Holds the parts of lines until their last one comes. */
export function openJoiner<T extends { readonly length: number }>(concat: (parts: readonly T[]) => T): Joiner<T> {
  const held = new Map<string, { readonly parts: T[]; readonly offset: number }>();
  // What follows the beginning of a line that was too long is still that line, and never a line of its own.
  const dropping = new Set<string>();
  let size = 0;
  const release = (key: string): void => {
    for (const part of held.get(key)?.parts ?? []) size -= part.length;
    held.delete(key);
  };
  return {
    take: ({ key, content, isLast }, offset) => {
      if (dropping.has(key)) {
        if (isLast) dropping.delete(key);
        return 'partial';
      }
      const line = held.get(key) ?? { parts: [], offset };
      if (isLast) {
        release(key);
        return { content: concat([...line.parts, content]), offset: line.offset };
      }
      if (size + content.length > MOST_HELD) {
        release(key);
        dropping.add(key);
        return 'overlong';
      }
      held.set(key, line);
      line.parts.push(content);
      size += content.length;
      return 'partial';
    },
    end: () => [...held.values()].map(({ parts, offset }) => ({ content: concat(parts), offset })),
    isHolding: () => held.size > 0 || dropping.size > 0,
  };
}

const CRI =
  /^(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?<stream>stdout|stderr) (?<tag>[PF])(?::\S{0,64})? /;
const LONGEST_CRI_HEAD = 128;

/** A line of containerd or CRI-O: a time, a stream, P for a part or F for the whole or its last part. In bytes: a cut may fall into a character. */
export function criChunk(line: Buffer): Chunk<Buffer> | undefined {
  const first = line[0] ?? 0;
  if (first < 48 || first > 57) return undefined;
  const match = CRI.exec(line.subarray(0, LONGEST_CRI_HEAD).toString('latin1'));
  if (match?.groups === undefined) return undefined;
  const { time, stream = '', tag } = match.groups;
  return {
    format: 'cri',
    key: stream,
    content: line.subarray(match[0].length),
    isLast: tag === 'F',
    isError: stream === 'stderr',
    added: addedOf({ received: time }),
  };
}

/** What Docker reads at once: a part has just that length, or more where bytes that are no UTF-8 were replaced. */
const DOCKER_PART = 16 * 1024;

/** A line of Docker's json-file, or of Fluent Bit's CRI parser, which keeps the tag. */
export function dockerChunk(value: JsonObject): Chunk<string> | undefined {
  const { stream, time, logtag } = value;
  const isTagged = logtag === 'P' || logtag === 'F';
  const log = value['log'] ?? (isTagged ? value['message'] : undefined);
  if (typeof log !== 'string' || typeof stream !== 'string') return undefined;
  if (!isTagged && (typeof time !== 'string' || isObject(value['kubernetes']))) return undefined;
  const pod = at(value, 'kubernetes', 'pod_name');
  return {
    format: isTagged ? 'fluent' : 'docker',
    key: `${stream} ${String(pod)}`,
    content: log,
    isLast: isTagged ? logtag === 'F' : log.endsWith('\n') || Buffer.byteLength(log) < DOCKER_PART,
    isError: stream === 'stderr',
    added: addedOf({ received: time, pod, node: at(value, 'kubernetes', 'host') }),
  };
}
