import { parse, resolve } from 'node:path';
import { readTemplate } from '../elastic/index.ts';
import {
  type FieldTypes,
  fieldTypes,
  holds,
  type Investigation,
  type Library,
  membersOf,
  readLibrary,
  SHIPPED,
  type StoredPack,
  type Wanted,
} from '../query/index.ts';
import { renderGrid } from '../report/index.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import type { Context } from './context.ts';

type Flags = Readonly<Record<string, unknown>>;

/** What of a library a command is about. */
export interface Selection {
  /** Ids, or files of the user's. */
  readonly ids?: readonly string[];
  readonly category?: unknown;
  readonly pack?: unknown;
}

/** The fields that a query may name. */
export function mappedFields(): FieldTypes {
  return fieldTypes(readTemplate().template.mappings.properties);
}

/**
 * The investigations that kaudit brings, those of the folders that `--queries` names, and files that are named. Read are
 * those that are selected, or all.
 */
export function openLibrary(io: Io, flags: Flags, selection?: Selection): Library {
  const wanted = selection && wantedBy(selection);
  const library = readLibrary(sourcesOf(flags, selection?.ids), mappedFields(), wanted);
  for (const { id, file, instead } of library.overrides) io.say(`${id}: ${file} overrides ${instead}`);
  return library;
}

export function sourcesOf(flags: Flags, ids: readonly string[] = []): readonly string[] {
  return [SHIPPED, ...stringsOf(flags['queries']), ...ids.filter(isFile)];
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function wantedBy({ ids = [], category, pack }: Selection): Wanted {
  return (one, packs) => {
    const named = packs.get(String(pack));
    return (
      // One that a file overrides is read as well, to say so.
      ids.some((id) => (isFile(id) ? parse(id).name : id) === one.id) ||
      one.category === category ||
      (named !== undefined && holds(named, one.id, one.category))
    );
  };
}

function isFile(id: string): boolean {
  return /\.ya?ml$/.test(id);
}

/** The investigations with these ids, those of a category and those of a pack; throws `usage` for what is not there. */
export function choose(library: Library, { ids = [], category, pack }: Selection): readonly Investigation[] {
  return [
    ...new Set([
      ...ids.map((id) => find(library, id)),
      ...(category === undefined ? [] : ofCategory(library, String(category))),
      ...(pack === undefined ? [] : membersOf(findPack(library, String(pack)), library.investigations)),
    ]),
  ];
}

function ofCategory({ investigations, index }: Library, category: string): readonly Investigation[] {
  const found = investigations.filter((investigation) => investigation.category === category);
  if (found.length > 0) return found;
  const known = [...new Set(index.map((one) => one.category))].join(', ');
  throw new KauditError('usage', `There is no category ${category}.`, { hint: `Categories: ${known}.` });
}

function findPack({ packs }: Library, id: string): StoredPack {
  const found = packs.get(id);
  if (found !== undefined) return found;
  throw new KauditError('usage', `There is no pack ${id}.`, { hint: `Packs: ${[...packs.keys()].join(', ')}.` });
}

export function find(library: Library, id: string): Investigation {
  const { investigations } = library;
  const found = investigations.find(({ definition, file }) =>
    isFile(id) ? resolve(file) === resolve(id) : definition.id === id,
  );
  if (found !== undefined) return found;
  if (isFile(id)) {
    throw new KauditError('usage', `${id} is none of the investigations.`, {
      hint: 'Its folder makes it a pack or a noise set, or a file that was named after it has the same id.',
    });
  }
  const near = nearest(
    id,
    library.index.map((one) => one.id),
  );
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'kaudit query list shows what there is.';
  throw new KauditError('usage', `There is no investigation ${id}.`, { hint });
}

const MOST_NEAR = 3;

/** Those that share the most words, however inflected: `secret-read` is nearer to `secrets-read` than to `secrets-deleted`. */
function nearest(wanted: string, known: readonly string[]): readonly string[] {
  const words = stemsOf(wanted);
  const shared = (id: string): number => words.filter((word) => stemsOf(id).includes(word)).length;
  return known
    .filter((id) => shared(id) > 0)
    .sort((a, b) => shared(b) - shared(a) || a.length - b.length)
    .slice(0, MOST_NEAR);
}

function stemsOf(text: string): readonly string[] {
  return text
    .split('-')
    .filter((word) => word.length > 3)
    .map((word) => word.slice(0, 5));
}

export async function listQueries({ io }: Context, flags: Flags): Promise<number> {
  const library = openLibrary(io, flags);
  const { category, pack } = flags;
  const isChosen = category !== undefined || pack !== undefined;
  const chosen = isChosen ? choose(library, { category, pack }) : library.investigations;
  const packsOf = (one: Investigation): readonly string[] =>
    [...library.packs.values()].filter((each) => membersOf(each, [one]).length > 0).map(({ id }) => id);
  if (flags['json']) {
    const list = chosen.map((one) => {
      const { id, title, severity, kind, attack, question } = one.definition;
      return { id, category: one.category, title, severity, kind, attack, question, packs: packsOf(one) };
    });
    await io.out(`${JSON.stringify(list)}\n`);
    return EXIT.done;
  }
  const rows = chosen.map(({ definition, category: folder }) => [
    definition.id,
    definition.severity,
    folder,
    definition.title,
  ]);
  await io.out(renderGrid(['id', 'severity', 'category', 'title'], rows, io));
  return EXIT.done;
}

export async function listPacks({ io }: Context, flags: Flags): Promise<number> {
  const { packs, investigations } = openLibrary(io, flags);
  const all = [...packs.values()].map((pack) => ({
    ...pack,
    investigations: membersOf(pack, investigations).map(({ definition }) => definition.id),
  }));
  const rows = all.map(({ id, title, investigations: ids }) => [id, String(ids.length), title]);
  const list = all.map(({ id, title, about, investigations: ids }) => ({ id, title, about, investigations: ids }));
  await io.out(flags['json'] ? `${JSON.stringify(list)}\n` : renderGrid(['pack', 'questions', 'title'], rows, io));
  return EXIT.done;
}

export async function listNoise({ io }: Context, flags: Flags): Promise<number> {
  const { noise, investigations } = openLibrary(io, flags);
  const all = [...noise.values()].map(({ id, about, why, watchOut, match }) => {
    const usedBy = investigations.filter(({ definition }) => definition.noise.includes(id));
    return { id, about, why, watchOut, match, usedBy: usedBy.map(({ definition }) => definition.id) };
  });
  const rows = all.map(({ id, usedBy, about }) => [id, String(usedBy.length), about]);
  await io.out(flags['json'] ? `${JSON.stringify(all)}\n` : renderGrid(['noise set', 'used by', 'hides'], rows, io));
  return EXIT.done;
}
