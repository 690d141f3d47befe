import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** What each folder may import from; its own files always. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  '.': ['commands', 'elastic', 'load', 'query', 'report', 'simulate', 'audit', 'shared'],
  commands: ['elastic', 'load', 'query', 'report', 'simulate', 'audit', 'shared'],
  elastic: ['audit', 'shared'],
  load: ['audit', 'shared'],
  query: ['audit', 'shared'],
  report: ['load', 'query', 'audit', 'shared'],
  simulate: ['audit', 'shared'],
  audit: ['shared'],
  shared: [],
};

/** Modules of other folders that are imported directly: types and pure functions. The others go through index.ts. */
const OPEN_MODULES = /^(audit|shared)\/|^query\/types\.ts$|^elastic\/cluster\.ts$/;

const READS_OR_WRITES = /^(node:)?(fs|fs\/promises|http|https|net|child_process|tls|dgram)$/;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const imports: readonly Import[] = files.flatMap((from) =>
  [
    ...readFileSync(join(SRC, from), 'utf8').matchAll(
      /^(?:import|export)\b[^;]*?from '([^']+)';|\bimport\('([^']+)'\)/gms,
    ),
  ].map(([, always, whenNeeded]) => ({ from, to: always ?? whenNeeded ?? '' })),
);

const folderOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '.') : '.');
const inside = imports
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: relative(SRC, resolve(SRC, dirname(from), to)) }));

describe('the architecture', () => {
  it('reads the import lines at all', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(inside.length).toBeGreaterThan(100);
  });

  it('imports one way', () => {
    const wrong = inside.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && !MAY_IMPORT[folderOf(from)]?.includes(folderOf(to)),
    );
    expect(wrong).toEqual([]);
  });

  it("goes through a capability's index", () => {
    const wrong = inside.filter(
      ({ from, to }) =>
        folderOf(from) !== folderOf(to) &&
        folderOf(to) !== 'commands' &&
        !to.endsWith('/index.ts') &&
        !OPEN_MODULES.test(to),
    );
    expect(wrong).toEqual([]);
  });

  it('imports the client in one folder only', () => {
    const users = imports.filter(({ to }) => to.startsWith('@elastic/')).map(({ from }) => folderOf(from));
    expect([...new Set(users)]).toEqual(['elastic']);
  });

  it('keeps input and output out of the core', () => {
    expect(
      imports.filter(({ from, to }) => folderOf(from) === 'audit' && READS_OR_WRITES.test(to) && to !== 'node:net'),
    ).toEqual([]);
  });

  it('imports only what package.json names', () => {
    const manifest = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const named = imports.map(({ to }) => to).filter((to) => !to.startsWith('.') && !to.startsWith('node:'));
    const packages = new Set(
      named.map((to) =>
        to
          .split('/')
          .slice(0, to.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    );
    expect([...packages].filter((name) => !(name in manifest.dependencies))).toEqual([]);
    expect(Object.keys(manifest.dependencies).filter((name) => !packages.has(name))).toEqual([]);
  });

  it('keeps files under 300 lines', () => {
    expect(files.filter((name) => readFileSync(join(SRC, name), 'utf8').split('\n').length > 300)).toEqual([]);
  });

  it('uses no any and no way around the compiler', () => {
    const bad = /: any\b|\bas any\b|@ts-(ignore|expect-error|nocheck)|biome-ignore/;
    expect(files.filter((name) => bad.test(readFileSync(join(SRC, name), 'utf8')))).toEqual([]);
  });
});
