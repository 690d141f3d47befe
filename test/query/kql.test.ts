import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { fieldTypes } from '../../src/query/index.ts';
import { checkKql, parseKql } from '../../src/query/kql.ts';

const fields = fieldTypes(readTemplate().template.mappings.properties);

describe('checkKql', () => {
  it.each([
    'verb: get',
    'verb: get and not verb: list or responseStatus.code >= 400',
    'not (verb: get or verb: list)',
    'not not verb: get',
    'user.username: "system:admin"',
    'user.username: "say \\"hi\\""',
    'objectRef.name: sh.helm.release.v1.*',
    'kaudit.actor.impersonator: *',
    'kaudit.pod.privileged: true',
    'sourceIPs: "10.0.0.0/8"',
    'kaudit.uri.path: /healthz*',
    'kaudit.rbac.grants: "secrets:*"',
    'kaudit.rbac.verbs: "*"',
    'responseStatus.code: "403"',
    'kubernetes.audit.annotations.authorization_k8s_io/decision: allow',
    'VERB: x'.toLowerCase(),
    'verb: get AND stage: Panic',
    'kaudit.version < 2',
  ])('takes %s', (query) => {
    expect(checkKql(query, fields)).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['vreb: get', 'vreb is no searchable field'],
    ['requestObject.spec: x', 'no searchable field'],
    ['verb: delete, get', 'write verb: a or verb: b'],
    ['verb = delete', 'a word without a field'],
    ['verb=delete', 'KQL knows no'],
    ['verb: delete and', 'ends where a field is wanted'],
    ['and verb: delete', '"and" is not expected'],
    ['verb: and', '"and" is not expected'],
    ['verb', 'ends where'],
    ['delete', 'ends where'],
    ['verb delete', 'a word without a field'],
    ['verb: get verb: list', '"verb" is not expected'],
    ['verb: (get or list)', 'refused by 8.19'],
    ['user.username: system:admin', 'quote a value that holds a colon'],
    ['user.username: system\\:*', 'makes the star literal'],
    ["verb: 'get'", 'only double quotes'],
    ['responseStatus.code: 40*', 'of type integer'],
    ['sourceIPs: 10.0.0.*', 'of type ip'],
    ['verb: "del*"', 'a star in quotes is literal'],
    ['responseStatus.code: abc', 'of type integer'],
    ['kaudit.terminal: yes', 'of type boolean'],
    ['kaudit.source.ip: "nobody"', 'of type ip'],
    ['verb: d?lete', 'no wildcard'],
    ['(verb: get', 'a bracket is not closed'],
    ['verb: get)', '")" is not expected'],
    ['verb: "get', 'a quote or backslash without its end'],
  ])('refuses %s', (query, problem) => {
    expect(checkKql(query, fields)).toContain(problem);
  });

  it('answers for any text', () => {
    fc.assert(fc.property(fc.string(), (text) => ['string', 'undefined'].includes(typeof checkKql(text, fields))));
    const piece = fc.constantFrom('verb', ':', 'get', 'and', 'or', 'not', '(', ')', '"x"', '>=', '*', '\\');
    fc.assert(
      fc.property(fc.array(piece), (pieces) =>
        ['string', 'undefined'].includes(typeof checkKql(pieces.join(' '), fields)),
      ),
    );
  });
});

describe('parseKql', () => {
  it('reads the parts of a query, each with the text that says it', () => {
    expect(parseKql('verb: get and not (stage: Panic or user.username: "a b")', fields)).toEqual({
      kind: 'and',
      text: 'verb: get and not (stage: Panic or user.username: "a b")',
      parts: [
        { kind: 'clause', field: 'verb', operator: ':', value: 'get', quoted: false, text: 'verb: get' },
        {
          kind: 'not',
          text: 'not (stage: Panic or user.username: "a b")',
          part: {
            kind: 'or',
            text: 'stage: Panic or user.username: "a b"',
            parts: [
              { kind: 'clause', field: 'stage', operator: ':', value: 'Panic', quoted: false, text: 'stage: Panic' },
              {
                kind: 'clause',
                field: 'user.username',
                operator: ':',
                value: 'a b',
                quoted: true,
                text: 'user.username: "a b"',
              },
            ],
          },
        },
      ],
    });
  });

  it('binds and before or, as the server does', () => {
    const node = parseKql('verb: a or verb: b and verb: c', fields);
    expect(node.kind === 'or' && node.parts.map(({ text }) => text)).toEqual(['verb: a', 'verb: b and verb: c']);
  });
});
