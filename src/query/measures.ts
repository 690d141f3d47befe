/** What a definition may ask of each group: its measures, what it is grouped by, and which groups it keeps. */
import { z } from 'zod';
import type { FieldTypes } from './fields.ts';
import { type Key, nameOf } from './keys.ts';
import { checkKql } from './kql.ts';
import type { Unit } from './types.ts';

const text = z.string().trim().min(1);
const field = text;

export const measureSchema = z.union(
  [
    z.literal('requests'),
    z.strictObject({ min: field }),
    z.strictObject({ max: field }),
    z.strictObject({ average: field }),
    z.strictObject({ sum: field }),
    /** About so much: the server keeps a sketch of the values (t-digest). */
    z.strictObject({ percentile: field, at: z.number().gt(0).lt(100) }),
    /** Requests of the group that match as well, and their share of its requests. */
    z.strictObject({ count: text }),
    z.strictObject({ percent: text }),
    z.strictObject({ values: field }),
    z.strictObject({ distinct: field }),
    /** What the last event of the group has. */
    z.strictObject({ latest: field }),
  ],
  'requests, or one of min, max, average, sum, values, distinct, latest with a field, such as { values: verb }; ' +
    '{ percentile: FIELD, at: 95 }; count or percent with a query',
);

export type Measure = z.infer<typeof measureSchema>;
export type Measures = Readonly<Record<string, Measure>>;

/** Keeps groups whose measures are all within these bounds; a measure without a value is within none. */
export const havingSchema = z.record(
  text,
  z
    .strictObject({ atLeast: z.number().optional(), atMost: z.number().optional() })
    .refine(({ atLeast, atMost }) => (atLeast ?? atMost) !== undefined, 'atLeast, atMost or both'),
);

export type Having = z.infer<typeof havingSchema>;

/** The field that a measure reads. */
export function fieldOf(measure: Measure): string | undefined {
  if (measure === 'requests' || 'count' in measure || 'percent' in measure) return undefined;
  return 'percentile' in measure ? measure.percentile : Object.values(measure)[0];
}

/** The query that requests must match as well. */
export function queryOf(measure: Measure): string | undefined {
  if (measure === 'requests') return undefined;
  if ('count' in measure) return measure.count;
  return 'percent' in measure ? measure.percent : undefined;
}

/** Whether a group has one value of it that can be compared. */
function isSingle(measure: Measure): boolean {
  return measure === 'requests' || !('values' in measure || 'latest' in measure);
}

const NUMBERS: ReadonlySet<string | undefined> = new Set(['long', 'integer', 'double']);
const TIMES: ReadonlySet<string | undefined> = new Set(['date', 'date_nanos']);

function isNumber(measure: Measure, fields: FieldTypes): boolean {
  if (!isSingle(measure)) return false;
  if (measure === 'requests' || !('min' in measure || 'max' in measure)) return true;
  return NUMBERS.has(fields.get(fieldOf(measure) ?? ''));
}

interface Grouping {
  readonly by: readonly Key[];
  readonly show: Measures;
  readonly order?: string | undefined;
  readonly having?: Having | undefined;
}

/** What is wrong with measures, their order and their bounds, beside the names of fields. */
export function measureProblems({ by, show, order, having = {} }: Grouping, fields: FieldTypes): readonly string[] {
  const one = (name: string): Measure | undefined => (Object.hasOwn(show, name) ? show[name] : undefined);
  const spans = by.filter((key) => typeof key === 'object').map(nameOf);
  const ordered = order === undefined || spans.includes(order) ? 'requests' : one(order);
  const bounded = Object.keys(having).filter((name) => {
    const measure = one(name);
    return measure === undefined || !isNumber(measure, fields);
  });
  return [
    ...(spans.length > 1 ? ['group.by: one span of time is enough'] : []),
    ...spans.filter(one).map((name) => `group.show: ${name} is what the span is called`),
    ...Object.entries(show).flatMap(([name, measure]) => problemsOf(name, measure, fields)),
    ...(ordered === undefined || !isSingle(ordered)
      ? [`group.order: "${order}" is none of group.show that has one value`]
      : []),
    ...bounded.map((name) => `group.having: "${name}" is none of group.show that is a number`),
  ];
}

function problemsOf(name: string, measure: Measure, fields: FieldTypes): readonly string[] {
  if (measure === 'requests') return [];
  const query = queryOf(measure);
  const problem = query === undefined ? undefined : checkKql(query, fields);
  if (problem !== undefined) return [`group.show.${name}: ${problem}`];
  const type = fields.get(fieldOf(measure) ?? '');
  const computes = 'average' in measure || 'sum' in measure || 'percentile' in measure;
  const compares = 'min' in measure || 'max' in measure;
  const fits = NUMBERS.has(type) || (compares && TIMES.has(type));
  if (type === undefined || fits || !(computes || compares)) return [];
  return [
    `group.show.${name}: ${fieldOf(measure)} is of type ${type}, which is no number${compares ? ' or time' : ''}`,
  ];
}

/** What each request must have one event for: it cannot be put together from events of several stages. */
export function needsEnds(measure: Measure): boolean {
  if (measure === 'requests') return false;
  return 'distinct' in measure || 'percentile' in measure || 'average' in measure || 'sum' in measure;
}

/** Units of the measures that have one. */
export function unitsOf(show: Measures): Readonly<Record<string, Unit>> {
  const units = Object.entries(show).flatMap(([name, measure]): readonly (readonly [string, Unit])[] => {
    if (measure === 'requests' || 'distinct' in measure) return [];
    if ('percent' in measure) return [[name, 'percent']];
    return fieldOf(measure)?.endsWith('_us') ? [[name, 'microseconds']] : [];
  });
  return Object.fromEntries(units);
}
