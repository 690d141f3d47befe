import { readTemplate } from '../elastic/index.ts';
import {
  compileSearch,
  type FieldTypes,
  fieldTypes,
  type Investigation,
  type Library,
  readLibrary,
  SHIPPED,
} from '../query/index.ts';
import { renderGrid } from '../report/index.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import type { Context } from './context.ts';

type Flags = Readonly<Record<string, unknown>>;

/** The fields that a query may name. */
export function mappedFields(): FieldTypes {
  return fieldTypes(readTemplate().template.mappings.properties);
}

/** The investigations that kaudit brings, and those of the folders that `--queries` names. */
export function openLibrary(flags: Flags): Library {
  return readLibrary([SHIPPED, ...stringsOf(flags['queries'])], mappedFields());
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The investigations with these ids, or all of a category; throws `usage` for one that is not there. */
export function choose(library: Library, ids: readonly string[], category: unknown): readonly Investigation[] {
  const chosen = ids.map((id) => find(library, id));
  if (category === undefined) return chosen;
  const ofCategory = library.investigations.filter((investigation) => investigation.category === category);
  if (ofCategory.length > 0) return [...chosen, ...ofCategory];
  const known = [...new Set(library.investigations.map((investigation) => investigation.category))].join(', ');
  throw new KauditError('usage', `There is no category ${category}.`, { hint: `Categories: ${known}.` });
}

function find(library: Library, id: string): Investigation {
  const found = library.investigations.find(({ definition }) => definition.id === id);
  if (found !== undefined) return found;
  const near = library.investigations.map(({ definition }) => definition.id).filter((known) => isNear(id, known));
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'kaudit query list shows what there is.';
  throw new KauditError('usage', `There is no investigation ${id}.`, { hint });
}

/** Shares a word with it, however inflected: `secret-read` is near `secrets-read` and `secrets-deleted`. */
function isNear(wanted: string, known: string): boolean {
  const stems = (text: string): readonly string[] =>
    text
      .split('-')
      .filter((word) => word.length > 3)
      .map((word) => word.slice(0, 5));
  const stemsOfKnown = stems(known);
  return stems(wanted).some((stem) => stemsOfKnown.includes(stem));
}

export async function listQueries({ io }: Context, flags: Flags): Promise<number> {
  const library = openLibrary(flags);
  const chosen = flags['category'] === undefined ? library.investigations : choose(library, [], flags['category']);
  if (flags['json']) {
    const list = chosen.map(({ definition: { id, title, severity, kind, attack, question }, category }) => ({
      id,
      category,
      title,
      severity,
      kind,
      attack,
      question,
    }));
    await io.out(`${JSON.stringify(list)}\n`);
    return EXIT.done;
  }
  const rows = chosen.map(({ definition, category }) => [
    definition.id,
    definition.severity,
    category,
    definition.title,
  ]);
  await io.out(renderGrid(['id', 'severity', 'category', 'title'], rows, io));
  return EXIT.done;
}

/** Its search as it is without a window, a cluster and parameters. */
function dslOf({ noise }: Library, { definition }: Investigation): object {
  return compileSearch(definition, { window: {}, parameters: {}, noise, useNoise: true });
}

export async function showQuery({ io }: Context, flags: Flags): Promise<number> {
  const library = openLibrary(flags);
  const [investigation] = choose(library, [String(flags['id'])], undefined);
  if (investigation === undefined) return EXIT.failed;
  if (flags['dsl']) {
    await io.out(`${JSON.stringify(dslOf(library, investigation), null, 2)}\n`);
    return EXIT.done;
  }
  await io.out(flags['json'] ? `${JSON.stringify(investigation.definition)}\n` : investigation.source);
  io.say(`(${investigation.file})`);
  return EXIT.done;
}
