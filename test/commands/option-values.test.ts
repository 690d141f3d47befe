import { describe, expect, it } from 'vitest';
import { negatedValue, optionWithoutValue } from '../../src/commands/option-values.ts';

describe('optionWithoutValue', () => {
  it.each([
    [['load', 'x', '--cluster'], '--cluster'],
    [['load', 'x', '--cluster', ''], '--cluster'],
    [['load', 'x', '--cluster='], '--cluster'],
    [['load', '--cluster', '--json', 'x'], '--cluster'],
    [['simulate', '-o', '--list'], '-o'],
  ])('finds it in %j', (args, option) => {
    expect(optionWithoutValue(args, { json: true, list: true })).toBe(option);
  });

  it.each([
    [['load', 'x', '--cluster', 'prod', '--json']],
    [['load', '', '--cluster=prod']],
    [['load', 'x', '--json', '--no-resume', '--no-noise', '-q']],
    [['simulate', '-o', '-']],
    [['load', 'x', '--gap', '-5']],
    [['load', '--', '--cluster']],
  ])('finds none in %j', (args) => {
    expect(optionWithoutValue(args, { json: true, q: true })).toBeUndefined();
  });
});

describe('negatedValue', () => {
  it.each([
    [['load', 'x', '--no-cluster'], '--no-cluster'],
    [['load', 'x', '--no-resume', '--no-report'], '--no-report'],
    [['load', 'x', '--no-resume', '--no-tune', '--', '--no-cluster'], undefined],
    [['query', 'run', '--no-noise'], undefined],
  ])('in %j is %s', (args, option) => {
    expect(negatedValue(args)).toBe(option);
  });
});
