import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { Group, RunResult } from '../../src/query/types.ts';
import { FORMATS, type Format, renderRun, safeText } from '../../src/report/index.ts';
import { expectGolden } from '../support/golden.ts';
import { EMPTY, MEASURED, NOTED, ONE, QUIET, RUN } from './runs.ts';

const plain = { columns: 80, colour: false };

describe('renderRun', () => {
  it.each<[string, RunResult, Format, object]>([
    ['run.txt', RUN, 'table', {}],
    ['run-verbose-120.txt', RUN, 'table', { verbose: true, columns: 120 }],
    ['run-narrow.txt', RUN, 'table', { columns: 48 }],
    ['run-one.txt', ONE, 'table', {}],
    ['run-one-160.txt', ONE, 'table', { columns: 160 }],
    ['run-quiet.txt', QUIET, 'table', { scope: ' --namespace demo' }],
    ['run-empty.txt', EMPTY, 'table', {}],
    ['run-noted.txt', NOTED, 'table', {}],
    ['run-measured.txt', MEASURED, 'table', {}],
    ['run-measured-several.txt', { ...MEASURED, results: [...MEASURED.results, ...QUIET.results] }, 'table', {}],
    ['run-measured.md', MEASURED, 'markdown', {}],
    ['run-measured.csv', MEASURED, 'csv', {}],
    ['run.md', NOTED, 'markdown', {}],
    ['run.csv', RUN, 'csv', {}],
    ['run.json', RUN, 'json', {}],
  ])('%s', (name, run, format, options) => {
    expectGolden(name, renderRun(run, format, { ...plain, ...options }));
  });

  it('says the same with colour and without', () => {
    const coloured = renderRun(RUN, 'table', { ...plain, colour: true });
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
    expect(coloured).not.toBe(coloured.replace(escapes, ''));
    expect(coloured.replace(escapes, '')).toBe(renderRun(RUN, 'table', plain));
  });

  it.each(FORMATS.filter((format) => format !== 'json'))(
    '%s says that there are more values than it lists',
    (format) => {
      for (const columns of [80, 160]) {
        expect(renderRun(ONE, format, { ...plain, columns })).toContain('100 in all: db-password');
      }
      expect(renderRun(RUN, format, { ...plain, columns: 160 })).toContain('100 in all: db-password');
    },
  );

  it('hands over JSON as it is', () => {
    expect(JSON.parse(renderRun(RUN, 'json', plain))).toEqual(RUN);
  });
});

/** What a terminal obeys (all controls but the newline), and what turns the direction of writing. */
const OBEYED = /(?!\n)\p{Cc}|\p{Bidi_Control}|\u200b/u;

/** Names as an attacker would choose them. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '\u001b[2J\u001b[1;1Hall clear',
    '\u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007',
    'user\u202etxt.exe',
    '=HYPERLINK("http://evil.example","x")',
    '[x](http://evil.example) <img src=x onerror=alert(1)>',
    '| a | b |\n# heading',
    '漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字',
    '👩‍👩‍👧‍👦👩‍👩‍👧‍👦',
  ),
);
const hostileRun = fc
  .array(
    fc.record({
      by: fc.record({ 'kaudit.actor.name': hostile }),
      requests: fc.nat(),
      show: fc.record({ names: fc.array(hostile), at: hostile }),
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map(
    (groups: readonly Group[]): RunResult => ({
      ...ONE,
      results: ONE.results.map((result) => ({ ...result, groups })),
    }),
  );
const columns = fc.integer({ min: 40, max: 140 });

describe('whatever names the log holds', () => {
  it('no line of the summary is wider than the terminal', () => {
    fc.assert(
      fc.property(hostileRun, columns, fc.boolean(), (run, width, several) => {
        const results = several ? [...run.results, ...QUIET.results] : run.results;
        const text = renderRun({ ...run, results }, 'table', { columns: width, colour: false, verbose: true });
        for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it.each(FORMATS)('no control character gets into %s', (format) => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        expect(renderRun(run, format, plain).replaceAll('\r\n', '\n')).not.toMatch(OBEYED);
      }),
    );
  });

  it('no cell of the CSV is a formula, and every row has all columns', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const rows = parseCsv(renderRun(run, 'csv', plain));
        for (const row of rows) {
          expect(row).toHaveLength(8);
          for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
        }
        expect(rows).toHaveLength(1 + run.results.flatMap((result) => result.groups).length);
      }),
    );
  });

  it('nothing in Markdown becomes a link, HTML or a new column', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const text = renderRun(run, 'markdown', plain);
        expect(text).not.toMatch(/(^|[^\\])(\]\(|<[a-z/!])|:\/\//i);
        const bars = text
          .split('\n')
          .filter((line) => line.startsWith('| '))
          .map((line) => line.match(/(^|[^\\])(\\\\)*\|/g)?.length);
        expect(new Set(bars).size).toBe(1);
      }),
    );
  });

  it('text is cut by what it takes on the screen', () => {
    fc.assert(fc.property(hostile, fc.nat(30), (text, width) => stringWidth(safeText(text, width)) <= width));
    expect(safeText('漢字漢字', 5)).toBe('漢字…');
    expect(safeText('a\u001bb')).toBe('a\\u{1b}b');
  });
});

function parseCsv(text: string): readonly (readonly string[])[] {
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
        ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
      ),
    );
}
