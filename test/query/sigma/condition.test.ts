import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Condition, ConditionProblem, parseCondition } from '../../../src/query/sigma/condition.ts';

const NAMES = ['selection_a', 'selection_b', 'filter', '_helper'];

function show(condition: Condition): string {
  if (condition.kind === 'selection') return condition.name;
  if (condition.kind === 'not') return `!${show(condition.part)}`;
  return `(${condition.parts.map(show).join(condition.kind === 'and' ? ' & ' : ' | ')})`;
}

describe('parseCondition', () => {
  it.each([
    ['filter', 'filter'],
    ['selection_a and not filter', '(selection_a & !filter)'],
    ['selection_a or selection_b and filter', '(selection_a | (selection_b & filter))'],
    ['(selection_a or selection_b) AND NOT filter', '((selection_a | selection_b) & !filter)'],
    ['1 of selection*', '(selection_a | selection_b)'],
    ['all of selection_* and not 1 of filter*', '((selection_a & selection_b) & !filter)'],
    ['1 of them', '(selection_a | selection_b | filter)'],
    ['all of them', '(selection_a & selection_b & filter)'],
    ['not not filter', '!!filter'],
  ])('reads %s', (text, shown) => {
    expect(show(parseCondition(text, NAMES))).toBe(shown);
  });

  it.each([
    ['selection_c', 'there is no selection selection_c'],
    ['1 of nothing*', 'no selection is called nothing*'],
    ['(filter', 'not closed'],
    ['filter filter', 'not expected'],
    ['', 'ends where'],
    ['filter and', 'ends where'],
    ['selection_a | count() > 5', 'aggregations'],
  ])('refuses %s', (text, problem) => {
    expect(() => parseCondition(text, NAMES)).toThrow(problem);
  });

  it('answers for any text', () => {
    const word = fc.constantFrom('and', 'or', 'not', '(', ')', '1', 'of', 'all', 'them', 'filter', '|');
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          return parseCondition(words.join(' '), NAMES).kind !== undefined;
        } catch (error) {
          return error instanceof ConditionProblem;
        }
      }),
    );
  });
});
