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
import { didYouMean } from '../shared/near.ts';
import type { Context } from './context.ts';

type Flags = Readonly<Record<string, unknown>>;

/** What of a library a command is about. */
export interface Selection {
  /** Ids, or files of the user's. */
  readonly ids?: readonly string[];
  readonly category?: unknown;
  readonly pack?: unknown;
  /** All of them, beside what is named. */
  readonly all?: boolean;
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
  const wanted = selection && !selection.all ? wantedBy(selection) : undefined;
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

/** Whether a file is named, and no id. */
export function isFile(id: string): boolean {
  return /\.ya?ml$/.test(id);
}

/** The investigations that are selected; throws `usage` for what is named and not there, also where all are chosen. */
export function choose(library: Library, { ids = [], category, pack, all }: Selection): readonly Investigation[] {
  const named = [
    ...ids.map((id) => find(library, id)),
    ...(category === undefined ? [] : ofCategory(library, String(category))),
    ...(pack === undefined ? [] : membersOf(findPack(library, String(pack)), library.investigations)),
  ];
  return all ? library.investigations : [...new Set(named)];
}

function ofCategory({ investigations, index }: Library, category: string): readonly Investigation[] {
  const found = investigations.filter((investigation) => investigation.category === category);
  if (found.length > 0) return found;
  const known = new Set(index.map((one) => one.category));
  throw new KauditError('usage', `There is no category ${category}.`, {
    hint: didYouMean(category, known) ?? `Categories: ${[...known].join(', ')}.`,
  });
}

function findPack({ packs }: Library, id: string): StoredPack {
  const found = packs.get(id);
  if (found !== undefined) return found;
  throw new KauditError('usage', `There is no pack ${id}.`, {
    hint: didYouMean(id, packs.keys()) ?? `Packs: ${[...packs.keys()].join(', ')}.`,
  });
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
  const known = library.index.map((one) => one.id);
  throw new KauditError('usage', `There is no investigation ${id}.`, {
    hint: didYouMean(id, known) ?? 'kaudit query list shows what there is.',
  });
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
