import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { parseDefinition } from '../../src/query/definition.ts';
import { fieldTypes, SHIPPED } from '../../src/query/index.ts';
import { lineOf } from '../../src/query/place.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const shipped = readFileSync(join(SHIPPED, 'credential-access/secrets-read.yml'), 'utf8');

/** The text of the line that the first problem of a changed file points to. */
function pointedAt(change: (source: string) => string): string | undefined {
  const source = change(shipped);
  const [problem = ''] = parseDefinition(source, 'secrets-read', fields).problems;
  const line = lineOf(source, problem);
  return line === undefined ? undefined : source.split('\n')[line - 1];
}

describe('lineOf', () => {
  it.each<[string, (source: string) => string, string]>([
    ['a value that is none', (s) => s.replace('severity: medium', 'severity: urgent'), 'severity: urgent'],
    ['a value deep in a list', (s) => s.replace('like: read-secret }]', 'like: nothing }]'), 'like: nothing'],
    ['a key that nobody knows', (s) => `${s}\nowner: me\n`, 'owner: me'],
    ['a key twice', (s) => `${s}\nid: secrets-read\n`, 'id: secrets-read'],
    ['KQL', (s) => s.replace('verb: list', 'verb: "li*"'), 'match:'],
    ['a field that is no field', (s) => s.replace('{ values: verb }', '{ values: vreb }'), 'vreb'],
    ['an order by what is not shown', (s) => s.replace('order: requests', 'order: readers'), 'order: readers'],
  ])('points to %s', (_, change, text) => {
    expect(pointedAt(change)).toContain(text);
  });

  it('points to where a missing key would stand, or nowhere', () => {
    expect(
      pointedAt((s) => s.replace(/^ {4}requests: requests\n/m, '').replace('order: requests', 'order: requests')),
    ).toContain('order');
    expect(pointedAt((s) => s.replace(/^title: .*\n/m, ''))).toBeUndefined();
  });
});
