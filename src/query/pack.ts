import { z } from 'zod';
import type { Investigation } from './library.ts';

/** Investigations that are run together for a purpose. */
export interface Pack {
  readonly id: string;
  readonly title: string;
  /** When to run it, and what it tells. */
  readonly about: string;
  /** Ids, or `category/*` for all of a folder. */
  readonly investigations: readonly string[];
}

const text = z.string().trim().min(1);

export const packSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and "-"'),
  title: text,
  about: text,
  investigations: z.array(z.string().regex(/^[a-z0-9-]+(\/\*)?$/, 'an id, or category/*')).min(1),
});

/** The investigations of a pack, in its order, each once. */
export function membersOf({ investigations }: Pack, all: readonly Investigation[]): readonly Investigation[] {
  return [...new Set(investigations.flatMap((entry) => named(entry, all)))];
}

/** Entries of a pack that name nothing. */
export function emptyEntries({ investigations }: Pack, all: readonly Investigation[]): readonly string[] {
  return investigations.filter((entry) => named(entry, all).length === 0);
}

function named(entry: string, all: readonly Investigation[]): readonly Investigation[] {
  return all.filter(({ definition: { id }, category }) => isNamed(entry, id, category));
}

function isNamed(entry: string, id: string, category: string): boolean {
  return entry.endsWith('/*') ? category === entry.slice(0, -2) : id === entry;
}

/** Whether a pack has an investigation of this id and category. */
export function holds({ investigations }: Pack, id: string, category: string): boolean {
  return investigations.some((entry) => isNamed(entry, id, category));
}
