import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { fieldTypes, readLibrary, SHIPPED } from '../../src/query/index.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const folder = mkdtempSync(join(tmpdir(), 'kaudit-queries-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHIPPED_IDS = [
  'anonymous-request-allowed',
  'authentication-failures',
  'bulk-deletion',
  'cluster-admin-bound',
  'csr-self-approved',
  'dangerous-role-written',
  'error-spike',
  'exec-into-pod',
  'impersonation',
  'namespace-deleted',
  'new-actor',
  'new-source-for-user',
  'node-heartbeat-gaps',
  'privileged-pod-created',
  'rare-client',
  'rbac-then-workload',
  'requests-forbidden',
  'secrets-deleted',
  'secrets-read',
  'service-account-token-created',
  'subject-added-to-binding',
  'token-secret-created',
];

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
    expect(investigations.map(({ definition }) => definition.id).sort()).toEqual(SHIPPED_IDS);
    for (const { definition } of investigations) {
      const matching = definition.scenarios.filter(({ expect: expected }) => expected.requests > 0);
      expect([definition.id, matching.length >= 2, definition.scenarios.length - matching.length >= 2]).toEqual([
        definition.id,
        true,
        true,
      ]);
    }
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
    ['an id that is taken', 'secrets-read.yml', (source) => source, 'has the same'],
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

  it('refuses a noise set whose name is taken: it could hide more than the shipped one', () => {
    const home = mkdtempSync(join(folder, 'q-'));
    mkdirSync(join(home, 'noise'));
    writeFileSync(join(home, 'noise', 'nodes.yml'), readFileSync(join(SHIPPED, 'noise/nodes.yml'), 'utf8'));
    expect(() => readLibrary([SHIPPED, home], fields)).toThrow('there is a noise set nodes already');
  });

  it('says when a folder cannot be read', () => {
    expect(() => readLibrary([join(folder, 'none')], fields)).toThrow('cannot be read');
  });
});
