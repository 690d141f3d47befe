import { isUtf8 } from 'node:buffer';
import { isObject } from '../../shared/json.ts';
import { fragmentsOf } from './concatenated.ts';
import { foreignText } from './foreign.ts';
import { type Chunk, criChunk, dockerChunk, type Joined, openJoiner } from './join.ts';
import { prefixed } from './prefixes.ts';
import { parse, placeAt, unwrapText, unwrapValue } from './unwrap.ts';
import type { Piece } from './wrapping.ts';

export type { Piece } from './wrapping.ts';
export { looksLikeYaml, unwrapYaml } from './yaml.ts';

/** Takes the lines of one source apart. One for each source, because some wrappings cut a line into several. */
export interface Unwrapper {
  /** What a line holds, whose first byte is at `offset`. Nothing for a blank line, or one that waits for its rest. */
  readonly take: (line: Buffer, offset: number) => readonly Piece[];
  /** What still waits when the source has ended. */
  readonly end: () => readonly Piece[];
  /** Whether something waits: then what was read cannot be forgotten yet. */
  readonly isWaiting: () => boolean;
}

export function openUnwrapper(): Unwrapper {
  const cri = openJoiner<Buffer>((parts) => (parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)));
  const docker = openJoiner<string>((parts) => parts.join(''));

  const takeDocker = (chunk: Chunk<string>, offset: number): readonly Piece[] => {
    // A shipper that drops the newline leaves a whole event that is as long as a part.
    const isWhole = !chunk.isLast && !docker.isHolding() && parse(chunk.content) !== undefined;
    const joined = docker.take(isWhole ? { ...chunk, isLast: true } : chunk, offset);
    return typeof joined === 'string' ? notYet(joined, offset, chunk.content) : piecesOf(joined, chunk);
  };
  const takeCri = (chunk: Chunk<Buffer>, offset: number): readonly Piece[] => {
    const joined = cri.take(chunk, offset);
    if (typeof joined === 'string') return notYet(joined, offset, chunk.content.toString('utf8'));
    const { content } = joined;
    return withBytes(piecesOf({ content: content.toString('utf8'), offset: joined.offset }, chunk), content);
  };

  return {
    take: (line, offset) => {
      const chunk = criChunk(line);
      if (chunk !== undefined) return takeCri(chunk, offset);
      // A byte order mark is a blank to trim().
      const text = line.toString('utf8').trim();
      if (text === '') return [];
      const value = parse(text);
      if (value === undefined) return withBytes(unwrapText(text, placeAt(offset)), line);
      const part = isObject(value) && value['auditID'] === undefined ? dockerChunk(value) : undefined;
      return withBytes(part === undefined ? unwrapValue(text, value, placeAt(offset)) : takeDocker(part, offset), line);
    },
    end: () => [
      ...cri.end().map(({ content, offset }) => withoutEnd(content.toString('utf8'), offset)),
      ...docker.end().map(({ content, offset }) => withoutEnd(content, offset)),
    ],
    isWaiting: () => cri.isHolding() || docker.isHolding(),
  };
}

function notYet(state: 'partial' | 'overlong', offset: number, text: string): readonly Piece[] {
  return state === 'partial' ? [] : [{ kind: 'unparseable', reason: 'a line over 64 MiB, in parts', offset, text }];
}

function withoutEnd(text: string, offset: number): Piece {
  return { kind: 'unparseable', reason: 'parts of a line whose end is missing', offset, text };
}

function piecesOf({ content, offset }: Joined<string>, { format, added, isError }: Chunk<unknown>): readonly Piece[] {
  const text = content.trim();
  if (text === '') return [{ kind: 'skipped', what: 'blank line' }];
  const pieces = unwrapText(text, { offset, depth: 1, format, added });
  const isForeign = isError && pieces.every(({ kind }) => kind === 'unparseable');
  return isForeign ? [{ kind: 'skipped', what: 'stderr line' }] : pieces;
}

/** Keeps the bytes of events that are no UTF-8: the line's, where it holds one event, otherwise what was read of them. */
function withBytes(pieces: readonly Piece[], line: Buffer): readonly Piece[] {
  if (isUtf8(line)) return pieces;
  return pieces.map((piece) => {
    if (piece.kind !== 'event' || piece.invalidBytes !== undefined || !piece.text.includes('\ufffd')) return piece;
    return { ...piece, invalidBytes: pieces.length === 1 ? line : Buffer.from(piece.text) };
  });
}

/** Whether a line that is no JSON is still a record: text with a head, another program's, or several values. */
export function isRecordLine(text: string): boolean {
  if (criChunk(Buffer.from(text.slice(0, 256))) !== undefined) return true;
  if (!/^[[{]/.test(text)) return foreignText(text) !== undefined || prefixed(text) !== undefined;
  // An array with an element a line has commas and brackets after its elements.
  const fragments = fragmentsOf(text);
  return (
    fragments.length > 1 &&
    fragments.every((fragment) => fragment.text.startsWith('{')) &&
    fragments.some((fragment) => parse(fragment.text) !== undefined)
  );
}
