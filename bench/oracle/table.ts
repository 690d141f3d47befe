/** Agreement with the verdicts of others: one confusion matrix a rule, and every case where we differ. */
import { z } from 'zod';
import type { Table } from '../result.ts';

/** What was found of a case. */
export interface Verdict {
  readonly id: string;
  readonly rule: string;
  readonly asks: readonly string[];
  /** Where our question is wider or narrower than theirs. */
  readonly differs: string | undefined;
  readonly expected: boolean;
  readonly found: boolean;
  /** What was found, or why nothing was. */
  readonly reason: string;
}

/**
 * rule  their rule reports too much or too little
 * case  what they give is no event that an API server writes, or lacks the request where the question is answered
 * ours  our investigation is wrong; it counts against us until it is mended
 */
const WHOSE = ['rule', 'case', 'ours'] as const;

export interface Argument {
  readonly case: string;
  readonly whose: (typeof WHOSE)[number];
  readonly why: string;
}

const file = z.array(z.strictObject({ case: z.string(), whose: z.enum(WHOSE), why: z.string().min(1) }));

/** Reads what disagreements.yml holds. Throws where it argues a case twice. */
export function readArguments(parsed: unknown): ReadonlyMap<string, Argument> {
  const given = file.parse(parsed);
  const byCase = new Map(given.map((one) => [one.case, one]));
  if (byCase.size < given.length) throw new Error('disagreements.yml argues a case twice.');
  return byCase;
}

export interface Agreement {
  readonly cases: number;
  readonly agreed: number;
  /** Disagreements that are argued to be theirs. */
  readonly argued: number;
  /** Neither: no word about them, or ours. */
  readonly open: readonly Verdict[];
  /** Argued although there is nothing to argue. */
  readonly stale: readonly string[];
  /** Agreed, of what is not argued to be theirs. */
  readonly share: number;
}

export function agreementOf(verdicts: readonly Verdict[], args: ReadonlyMap<string, Argument>): Agreement {
  const differing = verdicts.filter(differs);
  const isTheirs = ({ id }: Verdict): boolean => (args.get(id)?.whose ?? 'ours') !== 'ours';
  const open = differing.filter((one) => !isTheirs(one));
  const agreed = verdicts.length - differing.length;
  const ids = new Set(differing.map(({ id }) => id));
  return {
    cases: verdicts.length,
    agreed,
    argued: differing.length - open.length,
    open,
    stale: [...args.keys()].filter((id) => !ids.has(id)),
    share: agreed / (agreed + open.length),
  };
}

function differs({ expected, found }: Verdict): boolean {
  return expected !== found;
}

export function confusion(verdicts: readonly Verdict[]): Table {
  const rules = [...new Set(verdicts.map(({ rule }) => rule))];
  return {
    title: '',
    headers: ['Rule', 'Investigation', 'Both report', 'Only they', 'Only we', 'Neither'],
    rows: [
      ...rules.map((rule) =>
        rowOf(
          rule,
          verdicts.filter((one) => one.rule === rule),
        ),
      ),
      ['all', '', ...countsOf(verdicts)],
    ],
  };
}

function rowOf(rule: string, verdicts: readonly Verdict[]): readonly string[] {
  const asks = verdicts[0]?.asks ?? [];
  const [first = '', ...others] = asks;
  return [rule, others.length === 0 ? first : `${asks.length} investigations`, ...countsOf(verdicts)];
}

function countsOf(verdicts: readonly Verdict[]): readonly string[] {
  const count = (expected: boolean, found: boolean): string =>
    String(verdicts.filter((one) => one.expected === expected && one.found === found).length);
  return [count(true, true), count(true, false), count(false, true), count(false, false)];
}

/** The rules whose question is not quite ours. */
export function otherQuestions(verdicts: readonly Verdict[]): string {
  const lines = verdicts.flatMap(({ rule, differs: word }) => (word === undefined ? [] : [`- ${rule}: ${word}\n`]));
  return [...new Set(lines)].join('');
}

/** Each disagreement with what was found, and whose mistake it is argued to be. */
export function disagreements(verdicts: readonly Verdict[], args: ReadonlyMap<string, Argument>): string {
  return verdicts
    .filter(differs)
    .map((one) => {
      const argument = args.get(one.id);
      const side = one.expected ? 'only they report' : 'only we report';
      const said = argument === undefined ? 'OPEN: nobody has argued it' : `${argument.whose}: ${argument.why}`;
      return `- ${one.id}\n  ${side}; ${one.reason}\n  ${said}\n`;
    })
    .join('');
}
