import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { Group, RunResult } from '../../src/query/types.ts';
import { FORMATS, type Format, renderGrid, renderRun, safeText } from '../../src/report/index.ts';
import { expectGolden } from '../support/golden.ts';
import { ASKED, ELSEWHERE, EMPTY, MEASURED, NOTED, NOWHERE, ONE, PEAK, QUIET, RUN } from './runs.ts';

const plain = { columns: 80, colour: false };

describe('renderRun', () => {
  it.each<[string, RunResult, Format, object]>([
    ['run.txt', RUN, 'table', {}],
    ['run-verbose-120.txt', RUN, 'table', { verbose: true, columns: 120 }],
    ['run-narrow.txt', RUN, 'table', { columns: 48 }],
    ['run-one.txt', ONE, 'table', {}],
    ['run-one-160.txt', ONE, 'table', { columns: 160 }],
    ['run-quiet.txt', QUIET, 'table', {}],
    ['run-peak.txt', PEAK, 'table', {}],
    ['run-asked.txt', ASKED, 'table', {}],
    ['run-asked.md', ASKED, 'markdown', {}],
    ['run-asked.csv', ASKED, 'csv', {}],
    ['run-asked.json', ASKED, 'json', {}],
    ['run-empty.txt', EMPTY, 'table', {}],
    ['run-nowhere.txt', NOWHERE, 'table', {}],
    ['run-elsewhere.txt', ELSEWHERE, 'table', {}],
    ['run-elsewhere.md', ELSEWHERE, 'markdown', {}],
    ['run-piped.txt', RUN, 'table', { terminal: false }],
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

  it('cuts no id, whatever the width, and breaks none where a file or another program gets the text', () => {
    const digest = `X509SHA256=${'1eb765dbe3fa4f44'.repeat(4)}`;
    const [secrets] = ONE.results;
    const groups = [{ by: { 'kaudit.credential': digest }, requests: 1, show: { command: "sh -c 'cat /etc/shadow'" } }];
    const run = { ...ONE, results: secrets ? [{ ...secrets, groups }] : [] };
    for (const columns of [60, 80, 120, 160]) {
      const words = renderRun(run, 'table', { ...plain, columns }).replace(/\n {2,}/g, '');
      expect(words).toContain(digest);
      expect(words).not.toContain('…');
      expect(renderRun(run, 'table', { ...plain, columns, terminal: false })).toContain(digest);
    }
    expect(renderRun(run, 'table', plain)).not.toMatch(/ $/m);
  });

  it('gives each command a line of its own, and breaks none', () => {
    const commandsFor = (id: string): readonly string[] => [`run ${id} ${'--param x=y '.repeat(9)}`.trimEnd(), 'show'];
    const text = renderRun(RUN, 'table', { ...plain, commandsFor });
    expect(text).toContain(`\nnext: run cluster-admin-bound ${'--param x=y '.repeat(9).trimEnd()}\n      show\n`);
  });

  it('says once what makes many observable', () => {
    const blind = QUIET.results.map((one) => ({
      ...one,
      status: 'not-observable' as const,
      reason: `no history for ${one.id}`,
      remedy: 'Choose another --from.',
    }));
    const text = renderRun({ ...QUIET, results: blind }, 'table', plain);
    expect(text.split('Choose another --from.')).toHaveLength(2);
  });

  it.each(FORMATS.filter((format) => format !== 'json' && format !== 'csv'))(
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

describe('renderGrid', () => {
  const rows = [['conflict-loops', 'info', 'Writers in conflict over one object']];

  it('puts what is too wide for a terminal below, and cuts nothing', () => {
    const headers = ['id', 'severity', 'title'];
    expect(renderGrid(headers, rows, { ...plain, columns: 80, terminal: true })).toBe(
      'id              severity  title\nconflict-loops  info      Writers in conflict over one object\n',
    );
    expect(renderGrid(headers, rows, { ...plain, columns: 30, terminal: true })).toBe(
      'id              severity\n    title\nconflict-loops  info\n    Writers in conflict over\n    one object\n',
    );
    expect(renderGrid(headers, rows, { ...plain, columns: 30, terminal: false }).split('\n')).toHaveLength(3);
  });
});

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
          expect(row).toHaveLength(12);
          for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
        }
        expect(rows).toHaveLength(1 + run.results.flatMap((result) => result.groups).length);
      }),
    );
  });

  it('what has several values is JSON in the CSV', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const [, ...rows] = parseCsv(renderRun(run, 'csv', plain));
        const groups = run.results.flatMap((result) => result.groups);
        expect(rows.map((row) => [row[6], row[7]].map((cell) => JSON.parse(cell ?? '')))).toEqual(
          groups.map(({ by, show }) => [by, show].map((values) => JSON.parse(JSON.stringify(values)))),
        );
      }),
    );
    expect(renderRun(ONE, 'csv', plain)).toContain('"{""secrets"":94}"');
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
