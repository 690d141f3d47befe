import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SHIPPED } from '../../src/query/index.ts';
import { kaudit } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-own-queries-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with one investigation of the user's own. */
function own(id: string, change: (source: string) => string): string {
  const home = mkdtempSync(join(folder, 'q-'));
  mkdirSync(join(home, 'impact'));
  const source = readFileSync(join(SHIPPED, 'impact/secrets-deleted.yml'), 'utf8')
    .replace(/^id: .*/m, `id: ${id}`)
    .replace(/^title: .*/m, `title: ${id}`);
  writeFileSync(join(home, 'impact', `${id}.yml`), change(source));
  return home;
}

describe('kaudit query show', () => {
  it('prints the search that the server gets', async () => {
    const { code, json } = await kaudit(['query', 'show', 'exec-into-pod', '--dsl']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ size: 0, track_total_hits: true, aggs: { groups: { composite: { size: 1000 } } } });
  });

  it('names what is near an id that is not there', async () => {
    const { code, err } = await kaudit(['query', 'show', 'secret-read']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean secrets-read')]);
  });
});

describe('kaudit query test', () => {
  it('runs the scenarios of an investigation of the user, named after its folder', async () => {
    const home = own('mine', (source) => source);
    const { code, out } = await kaudit(['query', 'test', '--queries', home, 'mine']);
    expect(code).toBe(0);
    expect(out).toMatch(/^mine\n/);
    expect(out).toContain('7 scenarios passed, 0 failed');
  });

  it('exits with 1, saying what was expected and what came', async () => {
    const home = own('mutant', (source) => source.replace('kaudit.action: delete', 'kaudit.action: write'));
    const { code, out } = await kaudit(['query', 'test', '--queries', home, 'mutant']);
    expect(code).toBe(1);
    expect(out).toContain('FAILED sees a secret that is deleted');
    expect(out).toContain('expected 1 requests, got 0');
  });
});

describe('kaudit query validate --server', () => {
  it('asks the server about every KQL that is shipped', async () => {
    const { code, out } = await kaudit(['query', 'validate', '--server']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d+ valid, 0 not valid\n$/)]);
  });

  it('takes a range of time', async () => {
    const home = own('recent', (source) => source.replace('kaudit.action: delete', '@timestamp > now-1d'));
    expect((await kaudit(['query', 'validate', '--server', '--queries', home])).code).toBe(0);
  });

  it('finds what only the server knows', async () => {
    const home = own('dated', (source) => source.replace('kaudit.action: delete', '@timestamp > someday'));
    const { code, out } = await kaudit(['query', 'validate', '--server', '--queries', home]);
    expect(code).toBe(2);
    expect(out).toContain('match: the server refuses it');
  });
});
