import { type Document, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { LEVELS, STAGES } from '../audit/event.ts';
import { KauditError } from '../shared/errors.ts';
import { isObject } from '../shared/json.ts';
import type { FieldTypes } from './fields.ts';
import { keySchema } from './keys.ts';
import { kindProblems } from './kinds/check.ts';
import { gap, newTerms, rare, sequence, spike, threshold } from './kinds/options.ts';
import { checkKql } from './kql.ts';
import { TEMPLATES } from './like/index.ts';
import { fieldOf, havingSchema, measureProblems, measureSchema, needsEnds } from './measures.ts';
import { type Pack, packSchema } from './pack.ts';
import { duration, field, text } from './schema.ts';
import { SEVERITIES } from './types.ts';

const id = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and "-"');

const templates = Object.keys(TEMPLATES);
const given = z.looseObject({
  like: text.refine((name) => templates.includes(name), `no template; there are ${templates.join(', ')}`),
  times: z.number().int().min(1).max(1000).optional(),
  every: duration.optional(),
  at: duration.optional(),
  /** Logged at RequestResponse, with the object that was sent as the answer. */
  returned: z.literal(true).optional(),
});

const scenario = z.strictObject({
  it: text,
  given: z.array(given).min(1),
  /** Values of parameters. */
  with: z.record(text, z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)).optional(),
  expect: z.strictObject({
    /** Requests that are reported. */
    requests: z.number().int().min(0),
    groups: z.number().int().min(0).optional(),
    /** Values that the first group has, among its keys and measures. */
    first: z.record(text, z.unknown()).optional(),
    status: z.enum(['findings', 'none', 'not-observable']).optional(),
  }),
  /** What the run looks at, counted from the start of the scenario; without it, everything. */
  window: z.strictObject({ from: duration.optional(), to: duration.optional() }).optional(),
});

const parameter = z.strictObject({
  field,
  exclude: z.boolean().default(false),
  /** The question is about one thing, and is not asked until this names it. */
  required: z.literal(true).optional(),
  default: z.array(z.union([z.string(), z.number(), z.boolean()])).default([]),
  about: text,
});

function groupBy<Key extends z.ZodType>(key: Key) {
  return z.strictObject({
    by: z.array(key).min(1).max(6),
    show: z.record(text, measureSchema),
    having: havingSchema.optional(),
    order: text.optional(),
    limit: z.number().int().min(1).max(1000).default(20),
  });
}

const common = {
  id,
  version: z.number().int().min(1),
  title: text,
  question: text,
  severity: z.enum(SEVERITIES),
  attack: z.array(z.string().regex(/^T\d{4}(\.\d{3})?$/, 'an ATT&CK technique such as T1552.007')).default([]),
  match: text,
  /** Stages that count; without it, the one event that ends each request. */
  stages: z.array(z.enum(STAGES)).min(1).optional(),
  requires: z.strictObject({
    level: z.enum(LEVELS),
    /** KQL: the requests that would show the answer if they were logged at that level. */
    of: text.optional(),
    /** KQL: those of them that leave the answer open whatever is logged, as an update does that takes away by leaving out. */
    open: text.optional(),
    /** Stages without which the answer cannot show. */
    stages: z.array(z.enum(STAGES)).optional(),
  }),
  noise: z.array(id).default([]),
  parameters: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a name such as exceptUsers'), parameter).default({}),
  group: groupBy(z.string('a field: this kind looks at spans of its own, leave "every" out').trim().min(1)),
  schedule: z.strictObject({ every: duration, lookback: duration }),
  falsePositives: z.array(z.strictObject({ what: text, tell: text })).min(1),
  next: z.array(text).min(1),
  /** A file may be tried before it has them; `checkCollection` asks for them. */
  scenarios: z.array(scenario),
};

const KINDS = 'events, threshold, new-terms, rare, sequence, spike, gap';

const definitionSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('events'), ...common, group: groupBy(keySchema) }),
    z.strictObject({ kind: z.literal('threshold'), ...common, threshold }),
    z.strictObject({ kind: z.literal('new-terms'), ...common, newTerms }),
    z.strictObject({ kind: z.literal('rare'), ...common, rare }),
    z.strictObject({ kind: z.literal('sequence'), ...common, sequence }),
    z.strictObject({ kind: z.literal('spike'), ...common, spike }),
    z.strictObject({ kind: z.literal('gap'), ...common, gap }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? `one of ${KINDS}` : undefined) },
);

const noiseSchema = z.strictObject({
  id,
  version: z.number().int().min(1),
  about: text,
  /** Why hiding these is sound. */
  why: text,
  /** What can hide behind it. */
  watchOut: text,
  match: text,
});

export type Definition = z.infer<typeof definitionSchema>;
export type DefinitionOf<Kind extends Definition['kind']> = Extract<Definition, { kind: Kind }>;
export type Scenario = z.infer<typeof scenario>;
export type Given = z.infer<typeof given>;
export type NoiseSet = z.infer<typeof noiseSchema>;

/** Problems of a file, each a line to read that begins with its place, as in `group.order: …`; none: it is valid. */
export type Problems = readonly string[];
export type Parsed<T> =
  | { readonly value: T; readonly problems: readonly [] }
  | { readonly value: undefined; readonly problems: Problems };

export function parseDefinition(source: string, expectedId: string, fields: FieldTypes): Parsed<Definition> {
  return parse(source, definitionSchema, (definition) => [
    ...idProblems(definition.id, expectedId),
    ...definitionProblems(definition, fields),
  ]);
}

export function parseNoiseSet(source: string, expectedId: string, fields: FieldTypes): Parsed<NoiseSet> {
  return parse(source, noiseSchema, (set) => [
    ...idProblems(set.id, expectedId),
    ...problemOf('match', checkKql(set.match, fields)),
  ]);
}

export function parsePack(source: string, expectedId: string): Parsed<Pack> {
  return parse(source, packSchema, (pack) => idProblems(pack.id, expectedId));
}

const LARGEST = 256 * 1024;

function parse<T>(source: string, schema: z.ZodType<T>, check: (value: T) => Problems): Parsed<T> {
  const failed = (problems: Problems): Parsed<T> => ({ value: undefined, problems });
  if (source.length > LARGEST) return failed(['larger than 256 KiB']);
  const document = parseDocument(source, { version: '1.2', schema: 'core', uniqueKeys: true });
  // A tag that nobody knows is only a warning, and its value would be read as if the tag were not there.
  const unclear = [...document.errors, ...document.warnings];
  if (unclear.length > 0) return failed(unclear.map((error) => error.message.split('\n')[0] ?? ''));
  if (hasAlias(document)) return failed(['YAML aliases are not allowed: write the value out']);
  const content: unknown = document.toJS();
  if (isSigmaRule(content)) return failed(['a Sigma rule: kaudit query import sigma makes an investigation of it']);
  const result = schema.safeParse(content);
  if (!result.success) return failed(result.error.issues.flatMap(describeIssues));
  const problems = check(result.data);
  return problems.length > 0 ? failed(problems) : { value: result.data, problems: [] };
}

function isSigmaRule(content: unknown): boolean {
  return isObject(content) && 'detection' in content && 'logsource' in content;
}

/** Aliases can make a small file grow without bound, and no reader misses them here. */
function hasAlias(document: Document): boolean {
  let found = false;
  visit(document, {
    Alias: () => {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function describeIssues(issue: z.core.$ZodIssue): Problems {
  const place = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${place || 'file'}: ${issue.message}`];
  return issue.keys.map((key) => `${place === '' ? key : `${place}.${key}`}: no such key`);
}

function idProblems(actual: string, expected: string): Problems {
  return actual === expected ? [] : [`id: "${actual}" is not the file's name, ${expected}`];
}

function definitionProblems(definition: Definition, fields: FieldTypes): Problems {
  const { group, requires, parameters, stages } = definition;
  const measures = Object.values(group.show);
  const measured = measures.map(fieldOf).filter((name) => name !== undefined);
  const keys = group.by.flatMap((key) => (typeof key === 'string' ? [key] : []));
  const used = [...keys, ...measured, ...Object.values(parameters).map((entry) => entry.field)];
  return [
    ...problemOf('match', checkKql(definition.match, fields)),
    ...problemOf('requires.of', requires.of === undefined ? undefined : checkKql(requires.of, fields)),
    ...problemOf('requires.open', requires.open === undefined ? undefined : checkKql(requires.open, fields)),
    ...used.filter((name) => !fields.has(name)).map((name) => `${name} is no field of the mapping`),
    ...kindProblems(definition, fields),
    ...measureProblems(group, fields),
    ...definition.scenarios
      .flatMap((one) => Object.keys(one.with ?? {}))
      .filter((name) => !Object.hasOwn(parameters, name))
      .map((name) => `scenarios: with ${name} names no parameter`),
    ...(stages !== undefined && measures.some(needsEnds)
      ? ['group.show: distinct, percentile, average and sum cannot be taken over several stages']
      : []),
    ...(requires.level !== 'Metadata' && requires.of === undefined
      ? ['requires.of: say which requests must be logged at that level']
      : []),
  ];
}

function problemOf(place: string, problem: string | undefined): Problems {
  return problem === undefined ? [] : [`${place}: ${problem}`];
}

/** One error for a file with problems, all of them in its text. */
export function invalidFile(file: string, problems: Problems): KauditError {
  return new KauditError(
    'invalid-query',
    `${file} is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  );
}
