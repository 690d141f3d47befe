/** The most that the server takes: request bodies that lie ready, sent by a program that does nothing else. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contender, type Target, targetVariables } from '../contender.ts';
import type { Input } from '../inputs.ts';
import type { Command } from '../run.ts';

const SENDER = join(import.meta.dirname, '../sender.js');
const BODY_BYTES = 5 * 1024 * 1024;
export const IN_FLIGHT = 4;

export const prebuilt: Contender = {
  name: 'bodies built before, id',
  about: `5 MB a request, ${IN_FLIGHT} in flight, node:http, answers only looked at for errors`,
  setsId: true,
  prepare: async () => {},
  command: async (job) => {
    const folder = `${job.input.path}.bodies-${job.index}`;
    await writeBodies(folder, job.input, job.index);
    return sendCommand(folder, job);
  },
};

/** Sends every body of a folder. */
export function sendCommand(folder: string, target: Target, inFlight = IN_FLIGHT): Command {
  return { argv: [process.execPath, SENDER, folder, String(inFlight)], env: targetVariables(target) };
}

async function writeBodies(folder: string, { path }: Input, index: string): Promise<void> {
  await emptyFolder(folder);
  let body = '';
  let number = 0;
  const flush = async (): Promise<void> => {
    if (body !== '') await writeFile(bodyPath(folder, number), body);
    number += 1;
    body = '';
  };
  for (const line of (await readFile(path, 'utf8')).trimEnd().split('\n')) {
    const { auditID, stage } = JSON.parse(line) as { auditID: string; stage: string };
    body += `{"index":{"_index":"${index}","_id":"${auditID}-${stage}"}}\n${line}\n`;
    if (body.length >= BODY_BYTES) await flush();
  }
  await flush();
}

/** Copies recorded bodies, with another index to write to. */
export async function redirectBodies(from: string, to: string, index: string): Promise<void> {
  await emptyFolder(to);
  for (const name of await readdir(from)) {
    const body = await readFile(join(from, name), 'utf8');
    await writeFile(join(to, name), body.replaceAll(/^(\{"create":\{"_index":")[^"]+/gm, `$1${index}`));
  }
}

export async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

export function bodyPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(6, '0')}.ndjson`);
}
