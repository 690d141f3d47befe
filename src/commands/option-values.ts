import { KauditError } from '../shared/errors.ts';

/** An option, with the value that stands behind its `=`. */
const OPTION = /^(--[^=]+|-[a-zA-Z])(?:=(.*))?$/s;
/** What is taken for the next option and not for a value; `-` is stdin, and `-5` a number. */
const NEXT_OPTION = /^-[^\d]/;

/**
 * The first option without a value, or with an empty one, as `--cluster $UNSET` leaves it. yargs takes that for an empty
 * text, or for the default, and the command would do something else than was asked. `parsed` is what yargs has read: an
 * option that is a boolean there needs no value.
 */
export function optionWithoutValue(
  args: readonly string[],
  parsed: Readonly<Record<string, unknown>>,
): string | undefined {
  const end = args.indexOf('--');
  const given = end === -1 ? args : args.slice(0, end);
  for (const [at, arg] of given.entries()) {
    const [, option, behind] = OPTION.exec(arg) ?? [];
    if (option === undefined || option.startsWith('--no-')) continue;
    if (typeof parsed[option.replace(/^-+/, '')] === 'boolean') continue;
    const value = behind ?? given[at + 1] ?? '';
    if (value === '' || (behind === undefined && NEXT_OPTION.test(value))) return option;
  }
  return undefined;
}

/** Options that are on where nothing is said, or decide by themselves. */
const NEGATABLE = new Set(['--no-resume', '--no-tune', '--no-noise']);

/** The first `--no-X` of an option that takes a value: yargs would set that to false, and a cluster would be named so. */
export function negatedValue(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const given = end === -1 ? args : args.slice(0, end);
  return given.find((arg) => arg.startsWith('--no-') && !NEGATABLE.has(arg));
}

/** The value of an option, which must be a whole number within bounds; what is no number is NaN to yargs. */
export function requireWhole(option: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  const given = Number.isNaN(value) ? 'no number' : value;
  throw new KauditError('usage', `${option} is ${given}: expected a whole number from ${low} to ${high}.`);
}
