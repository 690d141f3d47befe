import { createGunzip } from 'node:zlib';
import { messageOf } from '../shared/errors.ts';

/**
 * Input is fed in pieces of this size. It bounds what one piece can inflate to (gzip: at most 1,032 times), and what is
 * lost before a damaged place, because zlib keeps the output of the piece that fails.
 */
const PIECE = 2 * 1024;
const OUTPUT_CHUNK = 256 * 1024;

/** Thrown when compressed data breaks off or is damaged, after everything before that has been delivered. */
export class DamagedGzip extends Error {
  override readonly name = 'DamagedGzip';
}

export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Inflates gzip, members one after the other as rotation concatenates them. Written against the write callback rather
 * than as a pipe, because a stream that fails drops what it has inflated and not yet delivered.
 */
export async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createGunzip({ chunkSize: OUTPUT_CHUNK });
  const output: Buffer[] = [];
  let failure: Error | undefined;
  inflate.on('data', (chunk: Buffer) => output.push(chunk));
  inflate.on('error', (error) => {
    failure = error;
  });
  let wake = (): void => {};
  inflate.once('close', () => wake());
  // After a failure zlib calls no callback: the stream just closes.
  const settle = (step: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      step(resolve);
    });
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length && failure === undefined; start += PIECE) {
        await settle((done) => inflate.write(chunk.subarray(start, start + PIECE), () => done()));
      }
      yield* output.splice(0);
      if (failure !== undefined) break;
    }
    if (failure === undefined) await settle(() => inflate.end());
    yield* output.splice(0);
    if (failure !== undefined) throw new DamagedGzip(`the gzip data is damaged or cut off: ${messageOf(failure)}`);
  } finally {
    inflate.destroy();
  }
}
