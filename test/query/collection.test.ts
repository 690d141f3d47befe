import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { checkCollection, isBodyFact } from '../../src/query/collection.ts';
import {
  type Definition,
  fieldTypes,
  type Investigation,
  type Library,
  readLibrary,
  SHIPPED,
  scenarioCases,
} from '../../src/query/index.ts';
import { isList } from '../../src/query/list-facts.ts';
import { isObject } from '../../src/shared/json.ts';
import { factsFor } from '../support/events.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const library = readLibrary([SHIPPED], fields);
const [first] = library.investigations;
if (first === undefined) throw new Error('the library is empty');

/** The problems of the first investigation with changes, together with all others. */
function problems(changes: Partial<Definition>): readonly string[] {
  const changed = { ...first, definition: { ...first?.definition, ...changes } } as Investigation;
  const all: Library = { ...library, investigations: [...library.investigations.slice(1), changed] };
  return checkCollection(all, fields).get(changed.file) ?? [];
}

/** What makes another investigation the question that it is. */
function ofKind(id: string): Partial<Definition> {
  const { title: _, ...definition } = library.investigations.find((one) => one.definition.id === id)?.definition ?? {};
  return definition;
}

describe('checkCollection', () => {
  it('finds nothing in what is shipped', () => {
    const found = [...checkCollection(library, fields)].filter(([, lines]) => lines.length > 0);
    expect(found).toEqual([]);
    expect(problems({})).toEqual([]);
  });

  it.each<[string, Partial<Definition>, string]>([
    ['a title twice', { title: 'EXEC or attach into a pod' }, 'title: exec-into-pod has the same'],
    [
      'scenarios that all match',
      { scenarios: first.definition.scenarios.map((one) => ({ ...one, expect: { requests: 1 } })) },
      'that match and 0 that do not',
    ],
    ['a question without scenarios', { scenarios: [] }, '0 that match and 0 that do not'],
    [
      'a fact out of a body at level Metadata',
      { match: 'kaudit.pod.dangerous: *', requires: { level: 'Metadata' } },
      'requires.level: kaudit.pod.dangerous in match comes from a body',
    ],
    [
      'a fact out of a body in a step',
      { ...ofKind('attack-chain'), requires: { level: 'Metadata' } },
      'requires.level: kaudit.pod.dangerous in sequence.steps.2.match comes from a body',
    ],
    [
      'a span that two looks would cut in half',
      { ...ofKind('requests-forbidden'), schedule: { every: '1h', lookback: '1h' } },
      'schedule.lookback: 1h is less than every 1h and within 1h',
    ],
    [
      'steps that two looks would cut apart',
      { ...ofKind('attack-chain'), schedule: { every: '1h', lookback: '2h' } },
      'schedule.lookback: 2h is less than every 1h and within 2h',
    ],
    [
      'a parameter that a decoy would turn against us',
      {
        parameters: { exceptImages: { field: 'kaudit.pod.repositories', exclude: true, default: [], about: 'Agents' } },
      },
      'parameters.exceptImages: one event has several kaudit.pod.repositories',
    ],
    ['a schedule with holes', { schedule: { every: '1h', lookback: '10m' } }, 'schedule.lookback: 10m is less'],
  ])('finds %s', (_, changes, problem) => {
    expect(problems(changes).join()).toContain(problem);
  });

  it('finds entries of packs that name nothing', () => {
    const pack = { id: 'p', title: 'P', about: 'p', investigations: ['gone', 'nowhere/*'], file: 'packs/p.yml' };
    const found = checkCollection({ ...library, packs: new Map([['p', pack]]) }, fields);
    expect(found.get('packs/p.yml')).toEqual([
      'investigations: gone names no investigation',
      'investigations: nowhere/* names no investigation',
    ]);
  });
});

describe('isList', () => {
  it('is told of every fact that has several values in a scenario', () => {
    const cases = scenarioCases(library.investigations.map(({ definition }) => definition));
    const found = new Set(
      cases
        .flatMap(({ lines }) => lines.filter((line) => line.includes('"requestObject"')))
        .flatMap((line) => listsIn(factsFor(JSON.parse(line)))),
    );
    expect([...found].filter((field) => !isList(field))).toEqual([]);
    expect(found.size).toBeGreaterThan(50);
    for (const field of found) expect(fields.has(field)).toBe(true);
  });
});

/** The dotted names of what is a list. */
function listsIn(value: unknown, name = 'kaudit'): readonly string[] {
  if (Array.isArray(value)) return [name];
  return isObject(value) ? Object.entries(value).flatMap(([key, part]) => listsIn(part, `${name}.${key}`)) : [];
}

describe('isBodyFact', () => {
  it('is told of the same facts as the reader of README', () => {
    const file = new URL('../../mappings/sources.json', import.meta.url);
    const sources = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, readonly string[]>>;
    // Of a deletion's body, or of the URI; and a level, not a body, says that a body is missing.
    const neither = /^kaudit\.(delete|body)/;
    const needsBody = ([level]: readonly string[]): boolean => level === 'Request' || level === 'RequestResponse';
    for (const [fact, source] of Object.entries(sources)) {
      if (!neither.test(fact)) expect([fact, isBodyFact(fact)]).toEqual([fact, needsBody(source)]);
    }
  });
});
