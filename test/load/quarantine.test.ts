import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openQuarantine } from '../../src/load/quarantine.ts';

const home = mkdtempSync(join(tmpdir(), 'kaudit-quarantine-'));
afterAll(() => rmSync(home, { recursive: true }));

describe('the quarantine', () => {
  it('is a file for its owner only, made when something goes into it', async () => {
    const folder = join(home, 'new', 'quarantine');
    const quarantine = openQuarantine(folder, 'run');
    expect(quarantine.file()).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    await quarantine.add({ source: 'a.log', offset: 7, reason: 'not valid JSON', text: '{"a":' });
    await quarantine.close();
    const file = quarantine.file() ?? '';
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(home, 'new')).mode & 0o055).toBe(0o055);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      source: 'a.log',
      offset: 7,
      reason: 'not valid JSON',
      text: '{"a":',
    });
  });

  it.each([
    '{"auditID":"a","requestObject":{"data":{"password":"canary"}}',
    '{"kind":"Secret","data":{"password":"canary"',
    '{"stringData":{"x":"canary"}}',
    '{"spec":{"token":"canary"',
    'Authorization: Bearer canary',
  ])('cuts off what might hold a secret: %s', async (text) => {
    const quarantine = openQuarantine(join(home, 'cut'), `${Math.random()}`);
    await quarantine.add({ source: 'a', offset: 0, reason: 'r', text });
    await quarantine.close();
    expect(readFileSync(quarantine.file() ?? '', 'utf8')).not.toContain('canary');
  });
});
