import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { parseDefinition, parseNoiseSet } from '../../src/query/definition.ts';
import { fieldTypes, SHIPPED } from '../../src/query/index.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);
const shipped = readFileSync(join(SHIPPED, 'credential-access/secrets-read.yml'), 'utf8');
const threshold = readFileSync(join(SHIPPED, 'impact/bulk-deletion.yml'), 'utf8');

const problems = (source: string, id = 'secrets-read'): string =>
  parseDefinition(source, id, fields).problems.join('\n');

describe('a definition', () => {
  it('is valid as it is shipped', () => {
    expect(problems(shipped)).toBe('');
  });

  it.each<[string, (source: string) => string, string]>([
    ['another id than its file', (s) => s.replace('id: secrets-read', 'id: secrets'), 'not the file'],
    ['a key that nobody knows', (s) => `${s}\nowner: me\n`, 'owner'],
    ['a key twice', (s) => `${s}\nid: secrets-read\n`, 'unique'],
    ['YAML that is none', (s) => `${s}\n  - [`, ''],
    ['a severity that is none', (s) => s.replace('severity: medium', 'severity: urgent'), 'severity'],
    ['a technique that is none', (s) => s.replace('T1552.007', 'secrets'), 'ATT&CK'],
    [
      'a field that is not mapped',
      (s) => s.replace('{ values: verb }', '{ values: vreb }'),
      'vreb is no field of the mapping',
    ],
    [
      'a group by a field that is not mapped',
      (s) => s.replace('by: [kaudit.actor.name', 'by: [actor'),
      'actor is no field',
    ],
    ['an order by what is not shown', (s) => s.replace('order: requests', 'order: readers'), 'group.order'],
    ['KQL that matches nothing in silence', (s) => s.replace('verb: get or verb: list', 'verb: get, list'), 'match:'],
    ['an order by a list', (s) => s.replace('order: requests', 'order: secrets'), 'group.order'],
    ['an order by what every object has', (s) => s.replace('order: requests', 'order: toString'), 'group.order'],
    ['a scenario that is like nothing', (s) => s.replace('like: read-secret }]', 'like: nothing }]'), 'no template'],
    [
      'a scenario that gives what is no parameter',
      (s) =>
        s.replace(
          '    given: [{ like: read-secret }]',
          '    with: { user: [bob] }\n    given: [{ like: read-secret }]',
        ),
      'with user names no parameter',
    ],
    ['a tag', (s) => s.replace('title: ', 'title: !!js/function '), 'tag'],
    ['a measure that is none', (s) => s.replace('{ values: verb }', '{ median: verb }'), 'values, distinct'],
    ['a sum of words', (s) => s.replace('{ values: verb }', '{ sum: verb }'), 'verb is of type keyword'],
    ['a greatest word', (s) => s.replace('{ values: verb }', '{ max: verb }'), 'which is no number or time'],
    [
      'a count of what KQL cannot say',
      (s) => s.replace('{ values: verb }', '{ count: "vreb: get" }'),
      'group.show.verbs: vreb is no searchable field',
    ],
    [
      'a sum over several stages',
      (s) => s.replace('{ values: verb }', '{ sum: kaudit.latency_us }'),
      'cannot be taken over several stages',
    ],
    [
      'an order by the last value',
      (s) => s.replace('{ values: verb }', '{ latest: verb }').replace('order: requests', 'order: verbs'),
      'group.order',
    ],
    [
      'a bound of what is no number',
      (s) => s.replace('order: requests', 'having: { secrets: { atLeast: 2 } }'),
      'group.having',
    ],
    [
      'a bound that bounds nothing',
      (s) => s.replace('order: requests', 'having: { requests: {} }'),
      'atLeast, atMost or both',
    ],
    ['two spans of time', (s) => s.replace('by: [', 'by: [{ every: 1h }, { every: 1d }, '), 'one span of time'],
    ['a span that is none', (s) => s.replace('by: [', 'by: [{ every: soon }, '), 'group.by'],
    [
      'a measure that is called as the span',
      (s) => s.replace('by: [', 'by: [{ every: 1h }, ').replace('verbs:', 'time:'),
      'what the span is called',
    ],
    ['a kind that there is not', (s) => s.replace('kind: events', 'kind: often'), 'kind: one of events, threshold'],
    ['what is a Sigma rule', () => 'title: x\nlogsource: {}\ndetection: {}\n', 'kaudit query import sigma'],
    ['a level without what it is for', (s) => s.replace('level: Metadata', 'level: Request'), 'requires.of'],
    [
      'an alias bomb',
      (s) => s.replace('attack: [T1552.007]', 'attack: &a [T1552.007]\nx: *a'),
      'aliases are not allowed',
    ],
  ])('with %s is refused', (_, change, problem) => {
    expect(parseDefinition(change(shipped), 'secrets-read', fields).value).toBeUndefined();
    expect(problems(change(shipped))).toContain(problem);
  });

  it('of a threshold needs its numbers, and counts ends of requests', () => {
    expect(problems(threshold, 'bulk-deletion')).toBe('');
    expect(problems(threshold.replace('within: 10m', 'within: soon'), 'bulk-deletion')).toContain('duration');
    expect(
      problems(threshold.replace('kind: threshold', 'kind: threshold\nstages: [Panic]'), 'bulk-deletion'),
    ).toContain('stages');
    expect(problems(threshold.replace('by: [', 'by: [{ every: 1h }, '), 'bulk-deletion')).toContain(
      'leave "every" out',
    );
  });

  it('of a threshold weighs requests by KQL that is checked, or counts distinct values, not both', () => {
    const weighed = (change: (source: string) => string): string => problems(change(threshold), 'bulk-deletion');
    expect(weighed((s) => s.replace("match: 'kaudit.resource: namespaces", "match: 'resource: namespaces"))).toContain(
      'threshold.heavy.match: resource is no searchable field',
    );
    expect(weighed((s) => s.replace('counts: 5', 'counts: 1'))).toContain('threshold.heavy.counts');
    expect(weighed((s) => s.replace('  heavy:', '  distinct: kaudit.object\n  heavy:'))).toContain('either weighed');
  });

  it.each<[string, string, string, (source: string) => string, string]>([
    [
      'new-terms by what is no group',
      'initial-access',
      'new-source-for-user',
      (s) => s.replace('  by: [kaudit.actor.name, kaudit.source.ip]', '  by: [kaudit.actor.name]'),
      'newTerms.fields: kaudit.source.ip must be in group.by',
    ],
    [
      'new-terms without a history',
      'initial-access',
      'new-source-for-user',
      (s) => s.replace('history: 14d', 'history: 0s'),
      'newTerms.history',
    ],
    [
      'rare by what is no field',
      'discovery',
      'rare-client',
      (s) => s.replace('distinct: kaudit.actor.name', 'distinct: actor'),
      'actor is no field',
    ],
    [
      'a sequence of KQL that matches nothing in silence',
      'persistence',
      'csr-self-approved',
      (s) => s.replace('verb: create or', 'verb = create or'),
      'sequence.steps.0.match',
    ],
    [
      'a sequence of one step',
      'persistence',
      'csr-self-approved',
      (s) => s.replace(/^ {4}- \{ name: approved.*$/m, ''),
      'sequence.steps',
    ],
    [
      'a sequence joined by too few fields',
      'persistence',
      'csr-self-approved',
      (s) => s.replace('{ name: approved,', '{ name: approved, by: [objectRef.name],'),
      'as many fields',
    ],
    [
      'a step that is called like a measure',
      'persistence',
      'csr-self-approved',
      (s) => s.replace('{ name: approved,', '{ name: first,'),
      'there is first already',
    ],
    [
      'stages of what orders requests',
      'persistence',
      'csr-self-approved',
      (s) => `${s}stages: [Panic]\n`,
      'stages: sequence counts ends',
    ],
    [
      'a spike whose baseline is hardly longer',
      'health',
      'error-spike',
      (s) => s.replace('baseline: 24h', 'baseline: 30m'),
      'spike.baseline',
    ],
    [
      'a gap in no cluster',
      'nodes',
      'node-heartbeat-gaps',
      (s) => s.replace('[kaudit.actor.name, kaudit.cluster]', '[kaudit.actor.name]'),
      'group.by',
    ],
  ])('of %s is refused', (_, category, id, change, problem) => {
    const source = readFileSync(join(SHIPPED, category, `${id}.yml`), 'utf8');
    expect(problems(source, id)).toBe('');
    expect(problems(change(source), id)).toContain(problem);
  });

  it('that is very large is not even parsed', () => {
    expect(problems(`# ${'x'.repeat(300_000)}\n${shipped}`)).toContain('larger than');
  });
});

describe('a noise set', () => {
  it('says why, and what can hide behind it', () => {
    const source = readFileSync(join(SHIPPED, 'noise/nodes.yml'), 'utf8');
    expect(parseNoiseSet(source, 'nodes', fields).problems).toEqual([]);
    expect(parseNoiseSet(source.replace(/^watchOut.*$/m, ''), 'nodes', fields).problems.join()).toContain('watchOut');
  });
});
