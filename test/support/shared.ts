import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Audit logs that others wrote lie beside the checkout and are not ours to copy: tests that read them are extra. */
const SHARED = join(import.meta.dirname, '../../../shared/data');

export const hasShared = existsSync(SHARED);
if (!hasShared)
  console.warn(`Tests on logs of others are skipped: there is no ${join('..', 'shared', 'data')} beside the checkout.`);

export function shared(path = ''): string {
  return join(SHARED, path);
}
