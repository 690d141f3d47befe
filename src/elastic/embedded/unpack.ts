import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { KauditError, messageOf, systemCodeOf } from '../../shared/errors.ts';

/**
 * Unpacks an archive into a folder, its top folder left out. Modes are set by hand, whatever the umask: the server may
 * run as another user. Refuses names that lead out of the folder.
 */
export async function unpack(archive: string, folder: string): Promise<void> {
  const root = resolve(folder);
  const zip = await openPromise(archive, { lazyEntries: true }).catch(damaged(archive));
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.replace(/^[^/]+\/?/, '');
      const target = resolve(root, name);
      if (target !== root && !target.startsWith(root + sep)) throw leadsOut(archive, entry.fileName);
      if (entry.fileName.endsWith('/')) {
        await makeFolder(target);
        continue;
      }
      await makeFolder(dirname(target));
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
      await chmod(target, name.startsWith('bin/') ? 0o755 : 0o644);
    }
  } catch (error) {
    damaged(archive)(error);
  } finally {
    zip.close();
  }
}

/** yauzl itself refuses names that are absolute or climb; what the file system says passes through. */
function damaged(archive: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof KauditError || systemCodeOf(error) !== undefined) throw error;
    throw new KauditError('bad-download', `The archive ${archive} cannot be unpacked: ${messageOf(error)}.`, {
      hint: 'It is not the original: delete it and try again.',
      cause: error,
    });
  };
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

function leadsOut(archive: string, name: string): KauditError {
  return new KauditError('bad-download', `The archive ${archive} holds a file that leads out of it: ${name}.`, {
    hint: 'It is not the original: delete it and try again.',
  });
}

/** One file out of an archive. */
export async function readFromArchive(archive: string, name: string): Promise<Buffer> {
  const zip = await openPromise(archive, { lazyEntries: true }).catch(damaged(archive));
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName === name) return await buffer(await zip.openReadStreamPromise(entry));
    }
  } finally {
    zip.close();
  }
  throw new KauditError('bad-download', `The archive ${archive} has no ${name}.`);
}
