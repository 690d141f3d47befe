import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { KauditError, systemCodeOf } from '../../shared/errors.ts';
import { isRunning, markOf } from './process.ts';

const markSchema = z.object({ pid: z.number().int().positive(), started: z.string() });

const stateSchema = z.object({
  /** Version of the server that wrote the data last. */
  version: z.string(),
  port: z.number().int(),
  password: z.string(),
  /** The process, while one was started and not stopped. */
  process: markSchema.optional(),
});

/** What a home remembers of its node. */
export type NodeState = z.infer<typeof stateSchema>;

function statePath(home: string): string {
  return join(home, 'node.json');
}

export async function readState(home: string): Promise<NodeState | undefined> {
  const path = statePath(home);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new KauditError('invalid-configuration', `${path} cannot be read.`, {
      hint: 'It belongs to another user, perhaps: set KAUDIT_HOME to a folder of your own.',
      cause: error,
    });
  });
  if (text === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new KauditError('invalid-configuration', `${path} is damaged.`, {
      hint: 'Delete it: the node gets a new password, its data stays.',
      cause,
    });
  }
}

/** Written beside its place and renamed, readable by its owner only: it holds the password. */
export async function writeState(home: string, state: NodeState): Promise<void> {
  await mkdir(home, { recursive: true });
  const draft = `${statePath(home)}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, statePath(home));
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

const LOCK_PATIENCE_MS = 300_000;

/** Runs an action while nobody else starts or stops the node of this home. A lock whose process has ended counts as none. */
export async function withLock<T>(home: string, action: () => Promise<T>): Promise<T> {
  const path = join(home, 'node.lock');
  await mkdir(dirname(path), { recursive: true });
  await takeLock(path);
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function takeLock(path: string): Promise<void> {
  const own = JSON.stringify(await markOf(process.pid));
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(own);
      return await handle.close();
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw unwritable(path, error);
    }
    if (await isStale(path)) await rm(path, { force: true });
    else if (Date.now() > deadline) {
      throw new KauditError('start-failed', 'Another kaudit has been starting or stopping this node for minutes.', {
        hint: `If none runs, delete ${path}.`,
      });
    } else await delay(200);
  }
}

async function isStale(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  // Empty: its owner is about to write it, or died doing so; a moment tells.
  if (text === '') {
    await delay(1000);
    return (await readFile(path, 'utf8').catch(() => 'gone')) === '';
  }
  const mark = markSchema.safeParse(JSON.parse(text));
  return !mark.success || !(await isRunning(mark.data));
}

function unwritable(path: string, cause: unknown): KauditError {
  return new KauditError('invalid-configuration', `${dirname(path)} cannot be written to.`, {
    hint: 'Set KAUDIT_HOME to a folder of your own.',
    cause,
  });
}
