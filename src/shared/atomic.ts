import { access, constants, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KauditError, messageOf } from './errors.ts';

/** Fails where a file could not be written later: better before the work than after it. */
export async function requireWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const stats = await stat(path).catch(() => undefined);
    // A device or a pipe would be replaced.
    if (stats !== undefined && !stats.isFile()) throw new Error('it is no regular file');
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Writes a file so that it is there as a whole or as it was before, whatever happens meanwhile. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(draft, 'w');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): KauditError {
  return new KauditError('unwritable-output', `${path} cannot be written: ${messageOf(cause)}.`, { cause });
}
