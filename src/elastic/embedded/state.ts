import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KauditError, systemCodeOf } from '../../shared/errors.ts';
import type { ProcessMark } from '../../shared/process-mark.ts';

const markSchema = z.object({ pid: z.number().int().positive(), started: z.string() });

const stateSchema = z.object({
  /** Version of the server that wrote the data last. */
  version: z.string(),
  port: z.number().int(),
  password: z.string(),
  /** The process that was started last; it may have ended since. */
  process: markSchema.optional(),
});

/** What a home remembers of its node. */
export type NodeState = z.infer<typeof stateSchema>;

export type StartedNode = NodeState & { readonly process: ProcessMark };

function statePath(home: string): string {
  return join(home, 'node.json');
}

export async function readState(home: string): Promise<NodeState | undefined> {
  const path = statePath(home);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new KauditError('not-ours', `${path} cannot be read.`, {
      hint: 'If it belongs to another user, set KAUDIT_HOME to a folder of your own.',
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
  const draft = `${statePath(home)}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, statePath(home));
}

export async function forgetState(home: string): Promise<void> {
  await rm(statePath(home), { force: true });
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
