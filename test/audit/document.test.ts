import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fallbackOf, variantOf } from '../../src/audit/document.ts';
import { CONTEXT, documentFor, rawEvent } from '../support/events.ts';

const textOf = (changes?: { readonly [key: string]: unknown }): string => JSON.stringify(rawEvent(changes));

describe('documentOf', () => {
  it("begins with the event's own bytes and ends with a time, the data stream and the facts", () => {
    const text = textOf();
    const { document, source } = documentFor(text);
    expect(document.json.startsWith(text.slice(0, -1))).toBe(true);
    expect(Object.keys(source).slice(-3)).toEqual(['@timestamp', 'data_stream', 'kaudit']);
    expect(source['@timestamp']).toBe('2026-03-02T09:41:07.125Z');
    expect(source['data_stream']).toEqual({ type: 'logs', dataset: 'kubernetes.audit_logs', namespace: 'default' });
  });

  it('keeps the bytes of strings that other writers would escape otherwise', () => {
    const text = textOf().replace('some-secret', 'a\\u003cb\\u2028c\u2029é');
    expect(documentFor(text).document.json.startsWith(text.slice(0, -1))).toBe(true);
  });

  it('is one line, whatever the layout of the event', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(2, '\t', '\n', '\r\n'), (requestObject, indent) => {
        const { document, source } = documentFor(
          JSON.stringify(rawEvent({ requestObject }), null, indent).replaceAll('\n', '\r\n'),
        );
        expect(document.json).not.toMatch(/[\r\n]/);
        expect(source['requestObject']).toEqual(JSON.parse(JSON.stringify(requestObject)));
      }),
    );
  });

  it.each([
    ['2026-03-02T09:41:07.125956Z', '2026.03'],
    ['2017-12-31T23:59:59.999999Z', '2017.12'],
  ])('files %s under the month of the event', (stageTimestamp, month) => {
    expect(documentFor(textOf({ stageTimestamp })).document.period).toBe(month);
  });

  it.each(['0001-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'soon', undefined])('keeps %s as undated', (time) => {
    const { document, source } = documentFor(textOf({ stageTimestamp: time, requestReceivedTimestamp: time }));
    expect(document.period).toBe('undated');
    expect(source).not.toHaveProperty('@timestamp');
    expect(source).toHaveProperty('kaudit.undated', true);
  });

  it('takes the received time where the stage has none', () => {
    expect(documentFor(textOf({ stageTimestamp: undefined })).source['@timestamp']).toBe('2026-03-02T09:41:07.123Z');
  });

  it.each(['kaudit', 'kaudit.terminal', '@timestamp', 'data_stream', 'data_stream.namespace'])(
    'does not let an event write to %s',
    (key) => {
      const { document, source } = documentFor(textOf({ [key]: 'mine' }));
      expect(document.degraded).toBe('reserved-key');
      expect(source).toHaveProperty('kaudit.degraded', 'reserved-key');
      expect(source).toHaveProperty('kaudit.raw', expect.stringContaining('mine'));
      expect(source).toHaveProperty('kaudit.actor.name', 'alice@example.com');
    },
  );

  it('leaves the cluster out where nobody named it', () => {
    expect(documentFor(textOf(), { ...CONTEXT, cluster: undefined }).source).not.toHaveProperty('kaudit.cluster');
  });
});

describe('fallbackOf', () => {
  const origin = { file: 'audit.log', offset: 7, format: 'Event' };

  it('keeps the safe leaves and the facts as structure, and the event as one string', () => {
    const text = textOf({
      objectRef: { resource: 'pods', name: { not: 'a string' } },
      user: { username: 'eve', extra: { '': ['x'] } },
    });
    const fallback: unknown = JSON.parse(fallbackOf({ text, origin }, CONTEXT).json);
    expect(fallback).toMatchObject({
      verb: 'get',
      user: { username: 'eve' },
      objectRef: { resource: 'pods' },
      stageTimestamp: '2026-03-02T09:41:07.125956Z',
      kaudit: { degraded: 'refused-by-server', raw: text, resource: 'pods', origin },
    });
    expect(fallback).not.toHaveProperty('user.extra');
    expect(fallback).not.toHaveProperty('objectRef.name');
  });

  it('has the id and the hash of the document that it replaces', () => {
    const { document } = documentFor(textOf());
    expect(fallbackOf({ text: textOf(), origin }, CONTEXT)).toMatchObject({ id: document.id, hash: document.hash });
  });

  it('holds no lone surrogate, which the server cannot read', () => {
    const text = textOf().replace('alice', '\\ud800');
    expect(fallbackOf({ text, origin }, CONTEXT).json).not.toMatch(/(?<!\\)\\ud800/);
  });

  it('is redacted as well', () => {
    const text = textOf({ requestObject: { data: { a: 'canary' } } });
    expect(fallbackOf({ text, origin }, CONTEXT).json).not.toContain('canary');
  });

  it('keeps bytes that are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const fallback: unknown = JSON.parse(fallbackOf({ text: textOf(), invalidBytes: bytes, origin }, CONTEXT).json);
    expect(fallback).toHaveProperty('kaudit.raw', `base64:${bytes.toString('base64')}`);
  });
});

describe('variantOf', () => {
  it('names the document whose id it has', () => {
    const { document } = documentFor(textOf());
    const variant = variantOf(document);
    expect(variant.id).toBe(`${document.id}~${document.hash}`);
    expect(JSON.parse(variant.json)).toHaveProperty('kaudit.variant_of', document.id);
  });
});
