import { messageOf, systemCodeOf } from '../../shared/errors.ts';

/** Thrown by bytes that cannot be read to their end, after everything before that place has been delivered. */
export class DamagedSource extends Error {
  override readonly name = 'DamagedSource';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'a symbolic link that leads to itself',
  EIO: 'the disk could not read it',
  EMFILE: 'too many open files: raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine',
  ESTALE: 'the file server no longer has it',
};

/** Why something cannot be read, in words. */
export function unreadable(error: unknown): string {
  return REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error);
}
