/** The audit logs that are loaded: simulated, and multiplied where more is asked for. The same every time. */
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { largeBody, withResponse } from './bodies.ts';
import { exists } from './contenders/install.ts';
import { CLI } from './server.ts';

/**
 * metadata  events without bodies
 * mixed     a few with bodies, where something is written: what was asked and what was stored, with its managedFields
 * bodies    RequestResponse events of about 14 KB
 */
export type Kind = 'metadata' | 'mixed' | 'bodies';

export interface Input {
  readonly path: string;
  readonly events: number;
  readonly bytes: number;
}

/** As many are simulated; more events are these again with other audit ids. */
const LARGEST_BASE = { metadata: 50_000, mixed: 50_000, bodies: 2_000 };

export async function makeInput(scratch: string, kind: Kind, events: number): Promise<Input> {
  const folder = join(scratch, 'inputs');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${kind}-${events}.log`);
  const base = Math.min(events, LARGEST_BASE[kind]);
  if (!(await exists(path))) {
    const lines = await simulate(folder, kind, base);
    await pipeline(multiply(lines, events), createWriteStream(`${path}.new`));
    await rename(`${path}.new`, path);
  }
  return { path, events, bytes: (await stat(path)).size };
}

export async function gzipped({ path, events }: Input): Promise<Input> {
  const packed = `${path}.gz`;
  if (!(await exists(packed))) {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(`${packed}.new`));
    await rename(`${packed}.new`, packed);
  }
  return { path: packed, events, bytes: (await stat(packed)).size };
}

/** A copy in which the event in the middle has an object for its verb: valid JSON that no mapping of a verb takes. */
export async function withRefusedEvent({ path, events }: Input): Promise<Input & { readonly refused: string }> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const middle = Math.floor(lines.length / 2);
  const event = JSON.parse(lines[middle] ?? '') as { auditID: string; verb: unknown };
  lines[middle] = JSON.stringify({ ...event, verb: { is: 'an object' } });
  const spoiled = `${path}.refused`;
  await writeFile(spoiled, `${lines.join('\n')}\n`);
  return { path: spoiled, events, bytes: (await stat(spoiled)).size, refused: event.auditID };
}

/** Reads it, so that the measured program finds it in memory. */
export async function warm({ path }: Input): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 }));
}

/** `auditID stage` of every event. */
export async function inputIds({ path }: Input): Promise<readonly string[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => `${/"auditID":"([^"]+)"/.exec(line)?.[1]} ${/"stage":"([^"]+)"/.exec(line)?.[1]}`);
}

async function simulate(folder: string, kind: Kind, events: number): Promise<readonly string[]> {
  const path = join(folder, `simulated-${kind}-${events}.log`);
  const level = kind === 'bodies' ? 'metadata' : kind;
  await promisify(execFile)(process.execPath, [
    CLI,
    'simulate',
    '--events',
    `${events}`,
    '--level',
    level,
    '--force',
    '-o',
    path,
  ]);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  if (kind === 'mixed') return lines.map(withResponse);
  return kind === 'bodies' ? lines.map(largeBody) : lines;
}

/** The lines over and over, each time with the first eight digits of the audit ids replaced by a number. */
function* multiply(lines: readonly string[], events: number): Generator<Buffer> {
  const block = Buffer.from(`${lines.join('\n')}\n`);
  const marker = Buffer.from('"auditID":"');
  const starts: number[] = [];
  const ends: number[] = [];
  for (let at = 0; at < block.length; ) {
    starts.push(block.indexOf(marker, at) + marker.length);
    at = block.indexOf(10, at) + 1;
    ends.push(at);
  }
  for (let done = 0, round = 0; done < events; done += lines.length, round += 1) {
    const copy = Buffer.from(block);
    const digits = round.toString(16).padStart(8, '0');
    if (round > 0) for (const start of starts) copy.write(digits, start, 'latin1');
    yield copy.subarray(0, ends[Math.min(lines.length, events - done) - 1]);
  }
}
