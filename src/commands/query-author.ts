import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportElasticRule, exportSigma, importSigma, readText, skeletonOf } from '../query/index.ts';
import { EXIT, KauditError, messageOf, systemCodeOf } from '../shared/errors.ts';
import type { Context, GlobalFlags } from './context.ts';
import { find, mappedFields, openLibrary } from './query-library.ts';
import { type ScopeFlags, scopeOf } from './query-scope.ts';

interface FolderFlags extends GlobalFlags {
  readonly folder: string;
}

export interface NewFlags extends FolderFlags {
  readonly id: string;
}

export interface ImportFlags extends FolderFlags {
  readonly file: string;
}

export interface ExportFlags extends GlobalFlags, ScopeFlags {
  readonly format: 'sigma' | 'elastic-rule';
  readonly id: string;
}

/** Writes a commented investigation to start from. */
export async function newQuery({ io }: Context, { id, folder }: NewFlags): Promise<number> {
  if (!/^[a-z][a-z0-9-]*$/.test(id)) {
    throw new KauditError('usage', `"${id}" cannot be an id.`, {
      hint: 'Ids have lower-case letters, digits and "-".',
    });
  }
  const path = await writeNew(folder, id, skeletonOf(id));
  await io.out(`${path}\n`);
  io.say(`Next: change it, then kaudit query validate ${path} and kaudit query test ${path}`);
  return EXIT.done;
}

/** Writes a Sigma rule as an investigation whose scenarios are left to fill, and says what it could not express. */
export async function importQuery({ io }: Context, { file, folder }: ImportFlags): Promise<number> {
  const { id, source, notes } = importSigma(readText(file), file, mappedFields());
  const path = await writeNew(folder, id, source);
  await io.out(`${path}\n`);
  for (const note of notes) io.say(`Not as in the rule: ${note}`);
  io.say(`Next: kaudit query run ${path} tries it; fill its scenarios (it is not valid before), then:`);
  io.say(`kaudit query validate ${path}`);
  return EXIT.done;
}

/** Prints an investigation as a rule of another system, and says what that does not hold. */
export async function exportQuery({ io }: Context, flags: ExportFlags): Promise<number> {
  const library = openLibrary(io, { ...flags }, { ids: [flags.id] });
  const investigation = find(library, flags.id);
  const scope = scopeOf(flags, library, [investigation.definition]);
  const { text, notes } =
    flags.format === 'sigma'
      ? exportSigma(investigation, mappedFields(), scope)
      : exportElasticRule(investigation, scope, scope.namespace);
  await io.out(text);
  for (const note of notes) io.say(`Not in the rule: ${note}`);
  return EXIT.done;
}

async function writeNew(folder: string, id: string, text: string): Promise<string> {
  const path = join(folder, `${id}.yml`);
  try {
    await writeFile(path, text, { flag: 'wx' });
    return path;
  } catch (cause) {
    if (systemCodeOf(cause) === 'EEXIST') {
      throw new KauditError('usage', `${path} is there already.`, {
        hint: 'Choose another --folder, or move it away.',
      });
    }
    throw new KauditError('unwritable-output', `${path} cannot be written: ${messageOf(cause)}.`, { cause });
  }
}
