import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { crashPoint } from '../shared/crash-point.ts';
import { KauditError, messageOf, systemCodeOf } from '../shared/errors.ts';
import { withLock } from '../shared/lock.ts';
import type { Progress } from './ledger.ts';
import { FORMATS } from './sniff.ts';

const count = z.number().int().nonnegative();
const fingerprint = z.object({ length: count, hash: z.string() });

const checkpointSchema = z.strictObject({
  version: z.literal(2),
  key: z.string(),
  /** How the log was read: in another way there may be other records in it. */
  reading: z.strictObject({
    kaudit: z.string(),
    facts: count,
    format: z.enum(FORMATS).optional(),
    longestLine: count,
  }),
  offset: count,
  /** The first bytes of the log, and the last ones before the offset: is it still the log that was read? */
  head: fingerprint,
  tail: fingerprint,
  counts: z.strictObject({
    read: count,
    created: count,
    duplicate: count,
    variant: count,
    quarantined: count,
    skipped: count,
    degraded: count,
  }),
  reasons: z.array(z.strictObject({ fate: z.enum(['quarantined', 'skipped', 'degraded']), reason: z.string(), count })),
  /** Where what is counted as quarantined lies. */
  quarantineFiles: z.array(z.string()),
  /** Where its events went, by the index's uuid: are they still there? */
  indices: z.record(z.string(), z.string()),
});

/** How far an unfinished load has come with one log. */
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** A part of a log, to know it again. */
export type Fingerprint = z.infer<typeof fingerprint>;

export type FoundCheckpoint =
  | { readonly kind: 'none' }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  /** There is something, and it is no checkpoint of this log that this kaudit can read. */
  | { readonly kind: 'damaged' };

export interface Checkpoints {
  /** What an unfinished load has left. */
  readonly find: (key: string) => Promise<FoundCheckpoint>;
  /** Of several logs at once: making a folder's names durable costs as much for many as for one. */
  readonly save: (checkpoints: readonly Omit<Checkpoint, 'version'>[]) => Promise<void>;
  /** The load has come to its end: the next one is a new one. */
  readonly forget: (key: string) => Promise<void>;
}

/**
 * Keeps checkpoints in a folder that is one load's alone while the action runs. Losing them costs time and nothing else,
 * so what is damaged or of another version is told and passed over.
 */
export async function withCheckpoints<T>(
  folder: string,
  action: (checkpoints: Checkpoints) => Promise<T>,
  say: (line: string) => void = () => {},
): Promise<T> {
  await makeFolder(folder);
  return await withLock(join(folder, 'lock'), { onWait: (holder) => refuse(folder, holder) }, () =>
    action({
      find: (key) => read(pathOf(folder, key), key),
      save: saver(folder, say),
      forget: (key) => rm(pathOf(folder, key), { force: true }),
    }),
  );
}

/** Saves, until that fails once: a load that cannot remember how far it is goes on all the same. */
function saver(folder: string, say: (line: string) => void): Checkpoints['save'] {
  let works = true;
  return async (checkpoints) => {
    if (!works || checkpoints.length === 0) return;
    try {
      for (const checkpoint of checkpoints) await write(pathOf(folder, checkpoint.key), { version: 2, ...checkpoint });
      await syncFolder(folder);
    } catch (error) {
      works = false;
      say(`How far this load is cannot be remembered any more: ${folder} cannot be written, ${messageOf(error)}.`);
      say(
        'It goes on. If it is interrupted, the next one reads again what this one has read, and stores nothing twice.',
      );
    }
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new KauditError('invalid-configuration', `${folder} cannot be made: ${messageOf(cause)}.`, {
      hint: 'Set KAUDIT_HOME to a folder of your own, or load with --no-resume, which remembers nothing.',
      cause,
    });
  }
}

function refuse(folder: string, holder: { readonly pid: number; readonly host: string } | undefined): never {
  const who = holder === undefined ? 'Another load' : `Another load (pid ${holder.pid} on ${holder.host})`;
  throw new KauditError('state-in-use', `${who} into the same place remembers how far it is in ${folder}.`, {
    hint: 'Wait for it to end, or give this one a KAUDIT_HOME of its own: what both load is stored once.',
  });
}

export function fingerprintOf(bytes: Buffer): Fingerprint {
  return { length: bytes.length, hash: createHash('sha256').update(bytes).digest('base64url') };
}

function pathOf(folder: string, key: string): string {
  return join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
}

async function read(path: string, key: string): Promise<FoundCheckpoint> {
  try {
    const checkpoint = checkpointSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return checkpoint.key === key ? { kind: 'checkpoint', checkpoint } : { kind: 'damaged' };
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EACCES')
      throw new KauditError('invalid-configuration', `${path} cannot be read: permission denied.`, {
        hint: 'Make it readable, or set KAUDIT_HOME to a folder of your own.',
        cause: error,
      });
    return { kind: code === 'ENOENT' ? 'none' : 'damaged' };
  }
}

/** Old or new, whatever happens in between: written beside its place, made durable, and renamed. */
async function write(path: string, checkpoint: Checkpoint): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(checkpoint));
    await file.sync();
  } finally {
    await file.close();
  }
  crashPoint('before-checkpoint-rename');
  await rename(draft, path);
  crashPoint('after-checkpoint-rename');
}

/** Makes the names in it durable. */
async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function progressOf({ offset, counts, reasons }: Checkpoint): Progress {
  return { offset, counts, reasons };
}
