import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crashPoint } from '../shared/crash-point.ts';
import { KauditError, messageOf } from '../shared/errors.ts';

/** What could not be indexed, with where it stands in its source. */
export interface QuarantineEntry {
  readonly source: string;
  readonly offset: number;
  readonly reason: string;
  /** Its beginning. Text that is no event cannot be redacted by its structure, so it ends where a body or a secret might start. */
  readonly text: string;
}

export interface Quarantine {
  readonly add: (entry: QuarantineEntry) => Promise<void>;
  /** The file, once something is in it. */
  readonly file: () => string | undefined;
  readonly close: () => Promise<void>;
}

const KEPT_CHARACTERS = 16 * 1024;
const MAY_HOLD_SECRETS = /"(?:requestObject|responseObject|data|stringData|token)"|Bearer |PRIVATE KEY/;

/** JSON lines in `folder/<run>.jsonl`, readable by its owner only; made when the first entry comes. */
export function openQuarantine(folder: string, run: string): Quarantine {
  const path = join(folder, `${run}.jsonl`);
  let handle: Promise<FileHandle> | undefined;
  let used = false;
  const openFile = async (): Promise<FileHandle> => {
    // Only the quarantine is closed: the embedded node's user must pass through the home.
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return open(path, 'a', 0o600);
  };
  return {
    add: async (entry) => {
      crashPoint('before-quarantine-write');
      try {
        handle ??= openFile();
        await (await handle).appendFile(`${JSON.stringify({ ...entry, text: withoutSecrets(entry.text) })}\n`);
      } catch (cause) {
        throw new KauditError('unwritable-output', `The quarantine ${path} cannot be written: ${messageOf(cause)}.`, {
          hint: 'Make room there, or set KAUDIT_HOME to another folder, and run the same command again.',
          cause,
        });
      }
      crashPoint('after-quarantine-write');
      used = true;
    },
    file: () => (used ? path : undefined),
    close: async () => {
      // One that could not be opened has been told of.
      await (await handle?.catch(() => undefined))?.close();
    },
  };
}

function withoutSecrets(text: string): string {
  const end = text.search(MAY_HOLD_SECRETS);
  return text.slice(0, end === -1 ? KEPT_CHARACTERS : Math.min(end, KEPT_CHARACTERS));
}
