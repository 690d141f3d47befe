import { readFileSync } from 'node:fs';

/** This kaudit's version. package.json lies two folders above this file, in src and in dist alike. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }
).version;
