import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readTemplate } from '../../../src/elastic/index.ts';
import { parseDefinition } from '../../../src/query/definition.ts';
import { fieldTypes, importSigma } from '../../../src/query/index.ts';
import { checkKql } from '../../../src/query/kql.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);

const HEAD = `title: Somebody looks into a pod
id: 7c0b6e52-2a0c-4d3a-9a3c-0d9f9f1f5b10
description: Tells who opened a session.
author: Somebody
references: [https://example.com/rule]
tags: [attack.execution, attack.t1609]
logsource: { product: kubernetes, service: audit, category: application }
falsepositives: [Unknown, Somebody on call]
level: high
`;

const rule = (detection: string): string => `${HEAD}detection:\n${detection.replace(/^/gm, '  ')}\n`;

function imported(detection: string): { match: string; notes: string } {
  const { source, notes } = importSigma(rule(detection), 'rule.yml', fields);
  const { match } = parse(source) as { match: string };
  expect(checkKql(match, fields)).toBeUndefined();
  return { match, notes: notes.join('\n') };
}

const match = (detection: string): string => imported(detection).match;

/** The selection `s` alone, on one line. */
const of = (selection: string): string => match(`s: ${selection}\ncondition: s`);

describe('a Sigma rule that is imported', () => {
  it('becomes an investigation with scenarios left to fill, which says so', () => {
    const { id, source } = importSigma(rule('s: { verb: create }\ncondition: s'), 'rule.yml', fields);
    expect(id).toBe('somebody-looks-into-a-pod');
    expect(source).toContain('# From the Sigma rule Somebody looks into a pod, 7c0b6e52-2a0c-4d3a-9a3c-0d9f9f1f5b10');
    expect(source).toContain('# Not valid before its scenarios are filled');
    expect(source).toContain('# See https://example.com/rule');
    expect(parse(source)).toMatchObject({ id, severity: 'high', attack: ['T1609'], scenarios: [] });
    expect(parseDefinition(source, id, fields).problems).toEqual([]);
  });

  it.each([
    ['a map, whose parts must all hold', '{ verb: get, stage: Panic }', 'verb: "get" and stage: "Panic"'],
    ['a list of values', '{ verb: [get, list] }', 'verb: "get" or verb: "list"'],
    ['a list of maps', '[{ verb: get }, { stage: Panic }]', 'verb: "get" or stage: "Panic"'],
    ['all', '{ "userAgent|contains|all": [a, b] }', 'userAgent: *a* and userAgent: *b*'],
    ['contains', '{ "userAgent|contains": hunter }', 'userAgent: *hunter*'],
    ['startswith', '{ "userAgent|startswith": curl/ }', 'userAgent: curl/*'],
    ['endswith', '{ "userAgent|endswith": hunter }', 'userAgent: *hunter'],
    ['a star', '{ userAgent: "*gcc*" }', 'userAgent: *gcc*'],
    ['an escaped star', '{ objectRef.resource: "a\\\\*b" }', 'objectRef.resource: "a*b"'],
    ['exists', '{ "impersonatedUser.username|exists": true }', 'impersonatedUser.username: *'],
    ['no value', '{ objectRef.namespace: null }', 'not objectRef.namespace: *'],
    ['cidr', '{ "sourceIPs|cidr": 10.0.0.0/8 }', 'sourceIPs: "10.0.0.0/8"'],
    ['a comparison', '{ "responseStatus.code|gte": 400 }', 'responseStatus.code >= "400"'],
    ['a bare name', '{ resource: pods, hostPath: "*" }', 'objectRef.resource: "pods" and kaudit.pod.host_paths: *'],
    ['a flag that is false', '{ privileged: false }', 'not kaudit.pod.privileged: true'],
    ['quotes in a value', `{ username: 'a" or verb: "b' }`, 'user.username: "a\\" or verb: \\"b"'],
  ])('says %s', (_, selection, wanted) => {
    expect(of(selection)).toBe(wanted);
  });

  it.each([
    ['a and not f', 'verb: "get" and not stage: "Panic"'],
    ['a and not (f or g)', 'verb: "get" and not (stage: "Panic" or verb: "list")'],
    ['1 of them', 'verb: "get" or stage: "Panic" or verb: "list"'],
    ['[a, f]', 'verb: "get" or stage: "Panic"'],
  ])('joins its selections as %s says', (condition, wanted) => {
    expect(match(`a: { verb: get }\nf: { stage: Panic }\ng: { verb: list }\ncondition: ${condition}`)).toBe(wanted);
  });

  describe('with a part that cannot be said', () => {
    const selections = 'a: { verb: get }\nx: { file_path: /bin/sh }\n';

    it.each([
      ['a and x', 'verb: "get"'],
      ['a and not x', 'verb: "get"'],
      ['a and not (a and x)', 'verb: "get"'],
      ['a and not (stage or x)', 'verb: "get" and not stage: "Panic"'],
    ])('leaves it out where that matches more: %s', (condition, wanted) => {
      const { match: said, notes } = imported(`${selections}stage: { stage: Panic }\ncondition: ${condition}`);
      expect(said).toBe(wanted);
      expect(notes).toContain('file_path: the audit log has no such field');
    });

    it('is refused where nothing is left, or it would match less', () => {
      for (const condition of ['x', 'a or x', 'not x'])
        expect(() => imported(`${selections}condition: ${condition}`)).toThrow('Nothing of rule.yml can be said');
    });

    it.each([
      ['a regular expression', '"requestURI|re": "a|b"', 'no regular expressions'],
      ['a modifier that nobody knows', '"requestURI|base64": x', 'the modifier base64'],
      ['a text where a number is', 'responseStatus.code: ALLOW', 'of type integer'],
      ['a pattern of an address', 'sourceIPs: "10.*"', 'a star works on keywords only'],
    ])('says why: %s', (_, entry, why) => {
      const { match: said, notes } = imported(`a: { verb: get }\nx: { ${entry} }\ncondition: a and x`);
      expect([said, notes]).toEqual(['verb: "get"', expect.stringContaining(why)]);
    });

    it('says words that may stand anywhere', () => {
      expect(imported('a: { verb: get }\nx: [sh, bash]\ncondition: a and x').notes).toContain('words to be found');
    });
  });

  it('gets a wider pattern where KQL cannot say it, but not below a not', () => {
    const account = '"user.username|startswith": "system:serviceaccount:"';
    const { match: said, notes } = imported(`a: { ${account} }\ncondition: a`);
    expect([said, notes]).toEqual(['user.username: system*serviceaccount*', expect.stringContaining('is wider here')]);
    expect(match(`v: { verb: get }\na: { ${account} }\ncondition: v and not a`)).toBe('verb: "get"');
  });

  it('needs bodies where it asks for what is in them', () => {
    const { source } = importSigma(
      rule('s: { verb: create, resource: pods, capabilities: "*" }\ncondition: s'),
      'r',
      fields,
    );
    expect(parse(source)).toMatchObject({
      requires: { level: 'Request', of: 'verb: "create" and objectRef.resource: "pods"' },
    });
  });

  it('cannot put lines of its own into the file', () => {
    const hostile = HEAD.replace('author: Somebody', 'author: "x\\nmatch: verb: get\\u2028y"');
    const { source } = importSigma(`${hostile}detection: { s: { verb: list }, condition: s }\n`, 'r', fields);
    expect(parse(source)).toMatchObject({ match: 'verb: "list"' });
    expect(source.split(/[\n\u2028]/).filter((line) => line.startsWith('match:'))).toEqual(['match: \'verb: "list"\'']);
  });

  it.each<[string, string, string]>([
    ['of another product', rule('s: { verb: get }\ncondition: s').replace('kubernetes', 'windows'), 'logsource'],
    ['that is no rule', 'a: b', 'title'],
    ['that is no YAML', 'a: [', 'cannot be imported'],
    ['of several documents', `${rule('s: { verb: get }\ncondition: s')}---\naction: correlate\n`, 'several documents'],
    ['without the selection that it names', rule('s: { verb: get }\ncondition: t'), 'no selection t'],
    ['that is empty', '', 'empty'],
  ])('%s is refused', (_, source, problem) => {
    expect(() => importSigma(source, 'rule.yml', fields)).toThrow(problem);
  });
});
