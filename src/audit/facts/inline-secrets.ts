/** A secret whose value stands beside its name, in a command or a text. A variable in its place gives nothing away. */
import { REDACTED } from '../redact.ts';

/** Between words while they are one text: a blank to patterns, and in no command that anybody types. */
const WORDS_END = '\u2028';

/** To the closing quote, or to the next blank. */
const VALUE = `(?:"[^\\s"'$][^"${WORDS_END}]*|'[^\\s"'$][^'${WORDS_END}]*|[^\\s"'$][^\\s"']*)`;

/** What stands before a value, which is all that is kept. Gaps are bounded, so that no text takes long to read. */
const SHOWN = [
  `(?:password|passwd|secret|token|api[-_]?key|access[-_]?key)["']?\\s{0,9}[=:]\\s{0,9}`,
  '--(?:password|passwd|token|secret|api-key)\\s{1,9}(?!["\']?-)',
  '\\bAuthorization:\\s{0,9}(?:Bearer|Basic)\\s{1,9}',
  '\\b(?:mysql(?:dump|admin)?|mariadb(?:-dump|-admin)?|sshpass)\\b[^;|&]{0,200}?\\s-p',
].map((before) => new RegExp(`(${before})${VALUE}`, 'gi'));

const INLINE_SECRET: readonly (readonly [RegExp, string])[] = [
  ...SHOWN.map((pattern) => [pattern, `$1${REDACTED}`] as const),
  [/\bAKIA[0-9A-Z]{16}\b|(?<![\w-])eyJ[\w-]{10,300}\.eyJ[\w.-]*/g, REDACTED],
  [/(:\/\/[^/\s:@$]{1,100}:)[^/\s@$]{1,200}(?=@)/g, `$1${REDACTED}`],
];

export function hasInlineSecret(text: string): boolean {
  // Unlike `test`, `search` remembers no place.
  return INLINE_SECRET.some(([pattern]) => text.search(pattern) !== -1);
}

/** The words of a command without the secrets in them, which may stand in a word of their own behind their name. */
export function withoutSecrets(words: readonly string[]): readonly string[] {
  const text = words.join(WORDS_END);
  const masked = INLINE_SECRET.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text);
  return masked === text ? words : masked.split(WORDS_END);
}
