import { isObject, type JsonObject } from '../../shared/json.ts';
import { keyOf, type Tuple } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import { VALUES_READ } from '../folding.ts';
import { type Groups, MOST_BUCKETS } from '../groups.ts';
import { scalarOf } from '../keys.ts';
import type { Reader } from '../scan.ts';
import { ENDED, kql, reportedQuery, type Scope, scopeFilters } from '../scope.ts';
import { milliseconds } from '../time.ts';
import type { Coverage, Group, Scalar } from '../types.ts';
import { type Found, type Request, sequenceFinder } from './sequence-finder.ts';
import { type Joins, joined, joinsOf } from './sequence-joins.ts';

type Sequence = DefinitionOf<'sequence'>;

const WITHOUT = 'without';
/** Has the microseconds that `@timestamp` has not: as milliseconds with a fraction, for its text leaves out zeros at the end. */
const PRECISE = 'stageTimestamp';

/** Who did one thing and then another. Reads the requests that share what the rarest step has, once, in order. */
export async function runSequence(
  reader: Reader,
  definition: Sequence,
  scope: Scope,
  coverage: Coverage,
): Promise<Groups> {
  // Without an index there is no point in time to open.
  if (coverage.events === 0) return { groups: [], requests: 0 };
  const joins = await joinsOf(reader.search, definition, reportedQuery(definition, scope));
  if (joins?.length === 0) return { groups: [], requests: 0 };
  const told = tellings(definition);
  const finder = sequenceFinder(definition.sequence, milliseconds(definition.sequence.within), told.add);
  const inOrder = byMicroseconds(finder);
  await reader.scan(scanBody(definition, scope, joins), (hits) => {
    for (const hit of hits) inOrder.add(requestOf(hit));
  });
  inOrder.end();
  return await measure(reader, definition, told);
}

/** The requests that are a step or undo one. The server says which by name. */
export function scanBody(definition: Sequence, scope: Scope, joins?: Joins): JsonObject {
  const { by, steps, without } = definition.sequence;
  const named = (name: string, query: string, fields = by): JsonObject => ({
    bool: { filter: [kql(query), ...joined(fields, joins)], _name: name },
  });
  const should = steps.map((step, at) => named(String(at), step.match, step.by));
  const isStep = { bool: { filter: [reportedQuery(definition, scope)], should, minimum_should_match: 1 } };
  const undoes =
    without === undefined ? [] : [{ bool: { filter: [...scopeFilters(scope), ENDED, named(WITHOUT, without)] } }];
  return {
    // What has no time comes neither before nor after anything.
    query: {
      bool: {
        filter: [{ exists: { field: '@timestamp' } }],
        should: [isStep, ...undoes],
        minimum_should_match: 1,
      },
    },
    _source: false,
    docvalue_fields: [
      { field: '@timestamp', format: 'epoch_millis' },
      { field: PRECISE, format: 'epoch_millis' },
      ...[...fieldsRead(definition)].map((field) => ({ field })),
    ],
  };
}

function fieldsRead({ group, sequence }: Sequence): ReadonlySet<string> {
  const ofSteps = sequence.steps.flatMap(({ by, show }) => [...(by ?? []), show]);
  return new Set([...group.by, ...sequence.by, ...ofSteps]);
}

export function requestOf(hit: JsonObject): Request {
  const fields = isObject(hit['fields']) ? hit['fields'] : {};
  const names = Array.isArray(hit['matched_queries']) ? hit['matched_queries'].map(String) : [];
  const values = (field: string): readonly Scalar[] => {
    const found = fields[field];
    return Array.isArray(found) ? found.map(scalarOf).filter((value) => value !== null) : [];
  };
  return {
    id: String(hit['_id']),
    time: Number(values('@timestamp')[0]),
    precise: Number(values(PRECISE)[0] ?? 0),
    steps: names.filter((name) => name !== WITHOUT).map(Number),
    undoes: names.includes(WITHOUT),
    values,
  };
}

/** The server sorts by milliseconds: what has the same is put into order here. */
function byMicroseconds(add: (request: Request) => void): {
  readonly add: (request: Request) => void;
  readonly end: () => void;
} {
  let same: Request[] = [];
  const end = (): void => {
    same.sort((a, b) => a.precise - b.precise || (a.id < b.id ? -1 : 1));
    for (const request of same) add(request);
    same = [];
  };
  return {
    add: (request) => {
      if (same[0] !== undefined && same[0].time !== request.time) end();
      same.push(request);
    },
    end,
  };
}

/** What was found of one group. */
interface Told {
  readonly by: Tuple;
  sequences: number;
  readonly ids: Set<string>;
  /** Values that each step shows. */
  readonly shown: readonly Set<Scalar>[];
}

interface Tellings {
  readonly add: (found: Found) => void;
  readonly groups: () => readonly Told[];
  /** All requests, each once. */
  readonly requests: () => number;
  readonly isCut: () => boolean;
}

/** Collects what is found by the group of its first request. */
function tellings({ group, sequence }: Sequence): Tellings {
  const groups = new Map<string, Told>();
  const all = new Set<string>();
  let isCut = false;
  const toldOf = (by: Tuple): Told => {
    const known = groups.get(keyOf(by));
    if (known !== undefined) return known;
    const fresh = { by, sequences: 0, ids: new Set<string>(), shown: sequence.steps.map(() => new Set<Scalar>()) };
    groups.set(keyOf(by), fresh);
    return fresh;
  };
  return {
    add: (found) => {
      isCut ||= all.size >= MOST_BUCKETS;
      if (isCut) return;
      const [first] = found;
      const told = toldOf(group.by.map((field) => first?.request.values(field)[0] ?? null));
      told.sequences += 1;
      for (const { request, step } of found) {
        all.add(request.id);
        told.ids.add(request.id);
        const show = sequence.steps[step]?.show;
        for (const value of show === undefined ? [] : request.values(show)) told.shown[step]?.add(value);
      }
    },
    groups: () => [...groups.values()],
    requests: () => all.size,
    isCut: () => isCut,
  };
}

/** All requests that ended have it: measured together, whatever their steps differ in. */
const ALIKE = 'kaudit.terminal';

async function measure(reader: Reader, definition: Sequence, told: Tellings): Promise<Groups> {
  const together = { ...definition, group: { ...definition.group, by: [ALIKE] } };
  const groups: Group[] = [];
  for (const one of told.groups()) {
    const all = await collectGroups(reader, together, { ids: { values: [...one.ids] } });
    groups.push(groupOf(definition, one, all.groups[0]));
  }
  return { groups, requests: told.requests(), ...(told.isCut() && { cut: 'requests of sequences' as const }) };
}

function groupOf({ group, sequence }: Sequence, told: Told, measured: Group | undefined): Group {
  const steps = sequence.steps.map(({ name }, at) => [name, [...(told.shown[at] ?? [])]] as const);
  const beyond = steps.filter(([, values]) => values.length > VALUES_READ);
  const more = {
    ...measured?.more,
    ...Object.fromEntries(beyond.map(([name, values]) => [name, values.length - VALUES_READ])),
  };
  return {
    by: Object.fromEntries(group.by.map((field, at) => [field, told.by[at] ?? null])),
    requests: told.ids.size,
    show: {
      ...measured?.show,
      sequences: told.sequences,
      ...Object.fromEntries(steps.map(([name, values]) => [name, values.slice(0, VALUES_READ)])),
    },
    ...(Object.keys(more).length > 0 && { more }),
  };
}
