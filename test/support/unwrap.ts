import { openUnwrapper, type Piece } from '../../src/audit/wrappers/index.ts';

/** What a text holds, line by line. */
export function unwrapLines(text: string | Buffer): readonly Piece[] {
  const unwrapper = openUnwrapper();
  const pieces: Piece[] = [];
  let offset = 0;
  for (const line of splitBytes(Buffer.from(text))) {
    pieces.push(...unwrapper.take(line, offset));
    offset += line.length + 1;
  }
  return [...pieces, ...unwrapper.end()];
}

function splitBytes(bytes: Buffer): readonly Buffer[] {
  const end = bytes.indexOf('\n');
  return end === -1 ? [bytes] : [bytes.subarray(0, end), ...splitBytes(bytes.subarray(end + 1))];
}

/** The text of each event; what became of the others. */
export function textsIn(text: string | Buffer): readonly string[] {
  return unwrapLines(text).map((piece) => {
    if (piece.kind === 'event') return piece.text;
    return piece.kind === 'skipped' ? `skipped: ${piece.what}` : `unparseable: ${piece.reason}`;
  });
}

/** The format of the first event and what its wrapping adds. */
export function originOf(text: string | Buffer): object {
  const piece = unwrapLines(text).find(({ kind }) => kind === 'event');
  return piece?.kind === 'event' ? { format: piece.format, ...piece.added } : {};
}
