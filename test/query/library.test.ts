import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { fieldTypes, membersOf, readLibrary, SHIPPED } from '../../src/query/index.ts';
import { emptyEntries } from '../../src/query/pack.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const folder = mkdtempSync(join(tmpdir(), 'kaudit-queries-'));
afterAll(() => rmSync(folder, { recursive: true }));

function own(name: string, change: (source: string) => string): string {
  const home = mkdtempSync(join(folder, 'q-'));
  mkdirSync(join(home, 'mine'));
  writeFileSync(
    join(home, 'mine', name),
    change(readFileSync(join(SHIPPED, 'credential-access/secrets-read.yml'), 'utf8')),
  );
  return home;
}

describe('the library', () => {
  it('holds what is shipped, each with two scenarios that match and two that do not', () => {
    const { investigations } = readLibrary([SHIPPED], fields);
    for (const { definition } of investigations) {
      const matching = definition.scenarios.filter(({ expect: expected }) => expected.requests > 0);
      expect([definition.id, matching.length >= 2, definition.scenarios.length - matching.length >= 2]).toEqual([
        definition.id,
        true,
        true,
      ]);
    }
  });

  it('holds as many questions as the README says', () => {
    expect(readLibrary([SHIPPED], fields).investigations.length).toBeGreaterThanOrEqual(200);
  });

  it('uses every noise set that it has', () => {
    const { investigations, noise } = readLibrary([SHIPPED], fields);
    const used = new Set(investigations.flatMap(({ definition }) => definition.noise));
    expect([...noise.keys()].filter((id) => !used.has(id))).toEqual([]);
  });

  it("takes the user's own beside them", () => {
    const home = own('vault-read.yml', (source) => source.replace('id: secrets-read', 'id: vault-read'));
    const mine = readLibrary([SHIPPED, home], fields).investigations.find(
      ({ definition }) => definition.id === 'vault-read',
    );
    expect(mine).toMatchObject({ category: 'mine' });
  });

  it.each<[string, string, (source: string) => string, string]>([
    [
      'a noise set that is not there',
      'mine.yml',
      (source) => source.replace('id: secrets-read', 'id: mine').replace('nodes', 'knots'),
      'no noise set knots',
    ],
    ['a file that is not valid', 'mine.yml', (source) => source, 'is not valid'],
  ])('refuses %s, naming the file', (_, name, change, message) => {
    const home = own(name, change);
    expect(() => readLibrary([SHIPPED, home], fields)).toThrow(message);
    expect(() => readLibrary([SHIPPED, home], fields)).toThrow(join(home, 'mine', name));
  });

  it("lets a user's file stand in for a shipped one of the same id, and tells", () => {
    const home = own('secrets-read.yml', (source) => source.replace('severity: medium', 'severity: critical'));
    const { investigations, overrides } = readLibrary([SHIPPED, home], fields);
    const mine = investigations.filter(({ definition }) => definition.id === 'secrets-read');
    expect(mine.map(({ definition }) => definition.severity)).toEqual(['critical']);
    expect(overrides).toEqual([
      {
        id: 'secrets-read',
        file: join(home, 'mine/secrets-read.yml'),
        instead: join(SHIPPED, 'credential-access/secrets-read.yml'),
      },
    ]);
  });

  it('refuses an id that one folder holds twice: neither could be meant to stand in for the other', () => {
    const home = own('secrets-read.yml', (source) => source);
    mkdirSync(join(home, 'yours'));
    copyFileSync(join(home, 'mine/secrets-read.yml'), join(home, 'yours/secrets-read.yml'));
    expect(() => readLibrary([SHIPPED, home], fields)).toThrow('has the same');
  });

  it('takes a file that is named, and once where its folder is named, too', () => {
    const home = own('vault-read.yml', (source) => source.replace('id: secrets-read', 'id: vault-read'));
    const file = join(home, 'mine/vault-read.yml');
    for (const sources of [[file], [home, file]]) {
      const { investigations, overrides } = readLibrary([SHIPPED, ...sources], fields);
      expect(investigations.filter(({ definition }) => definition.id === 'vault-read')).toHaveLength(1);
      expect(overrides).toEqual([]);
    }
  });

  it('refuses a noise set whose name is taken: it could hide more than the shipped one', () => {
    const home = mkdtempSync(join(folder, 'q-'));
    mkdirSync(join(home, 'noise'));
    writeFileSync(join(home, 'noise', 'nodes.yml'), readFileSync(join(SHIPPED, 'noise/nodes.yml'), 'utf8'));
    expect(() => readLibrary([SHIPPED, home], fields)).toThrow('there is a noise set nodes already');
  });

  it('says when a folder cannot be read', () => {
    expect(() => readLibrary([join(folder, 'none')], fields)).toThrow('There is no file or folder');
  });
});

describe('the packs', () => {
  const library = readLibrary([SHIPPED], fields);

  it('are those for the occasions that there are', () => {
    expect([...library.packs.keys()]).toEqual([
      'changes',
      'cis',
      'health',
      'identity',
      'incident',
      'noisy-neighbour',
      'supply-chain',
      'triage',
      'upgrade',
    ]);
  });

  it.each([...library.packs.values()])('$id names what there is, each once', (pack) => {
    expect(emptyEntries(pack, library.investigations)).toEqual([]);
    expect(new Set(pack.investigations).size).toBe(pack.investigations.length);
  });

  it('hold whole folders in the order of the pack', () => {
    const pack = { id: 'mine', title: 'Mine', about: 'mine', investigations: ['impersonation', 'discovery/*'] };
    expect(membersOf(pack, library.investigations).map(({ definition }) => definition.id)).toEqual([
      'impersonation',
      ...library.investigations
        .filter(({ category }) => category === 'discovery')
        .map(({ definition }) => definition.id),
    ]);
  });
});
