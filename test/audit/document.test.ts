import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentOf, fallbackOf, jsonOf, oursOf, variantId, variantOf } from '../../src/audit/document.ts';
import { CONTEXT, documentFor, rawEvent } from '../support/events.ts';

const textOf = (changes?: { readonly [key: string]: unknown }): string => JSON.stringify(rawEvent(changes));

describe('documentOf', () => {
  it("begins with the event's own bytes and ends with a time, the data stream and the facts", () => {
    const text = textOf();
    const { document, source } = documentFor(text);
    expect(jsonOf(document).startsWith(text.slice(0, -1))).toBe(true);
    expect(Object.keys(source).slice(-3)).toEqual(['@timestamp', 'data_stream', 'kaudit']);
    expect(source['@timestamp']).toBe('2026-03-02T09:41:07.125Z');
    expect(source['data_stream']).toEqual({ type: 'logs', dataset: 'kubernetes.audit_logs', namespace: 'default' });
  });

  it('keeps the bytes of strings that other writers would escape otherwise', () => {
    const text = textOf().replace('some-secret', 'a\\u003cb\\u2028c\u2029é');
    expect(jsonOf(documentFor(text).document).startsWith(text.slice(0, -1))).toBe(true);
  });

  it('is one line, whatever the layout of the event', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(2, '\t', '\n', '\r\n'), (requestObject, indent) => {
        const { document, source } = documentFor(
          JSON.stringify(rawEvent({ requestObject }), null, indent).replaceAll('\n', '\r\n'),
        );
        expect(jsonOf(document)).not.toMatch(/[\r\n]/);
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

  it('says at which hour of which day it was, where there is a time to believe', () => {
    const kaudit = (stageTimestamp: string): unknown =>
      documentFor(textOf({ stageTimestamp, requestReceivedTimestamp: stageTimestamp })).source['kaudit'];
    expect(kaudit('2026-03-07T23:10:00.000001Z')).toMatchObject({ time: { hour: 23, weekday: 6 } });
    expect(kaudit('1970-01-01T00:00:00.000000Z')).not.toHaveProperty('time');
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
  const fallbackFor = (text: string): string =>
    jsonOf(fallbackOf(documentFor(text).document) ?? { event: '', added: '' });

  it('keeps the safe leaves and the facts as structure, and the event as one string', () => {
    const text = textOf({
      objectRef: { resource: 'pods', name: { not: 'a string' } },
      user: { username: 'eve', extra: { '': ['x'] } },
    });
    const fallback: unknown = JSON.parse(fallbackFor(text));
    expect(fallback).toMatchObject({
      verb: 'get',
      user: { username: 'eve' },
      objectRef: { resource: 'pods' },
      stageTimestamp: '2026-03-02T09:41:07.125956Z',
      '@timestamp': '2026-03-02T09:41:07.125Z',
      kaudit: { degraded: 'refused-by-server', raw: text, resource: 'pods', origin: { file: 'audit.log' } },
    });
    expect(fallback).not.toHaveProperty('user.extra');
    expect(fallback).not.toHaveProperty('objectRef.name');
  });

  it('has the hash of the document that it replaces', () => {
    const { document } = documentFor(textOf());
    expect(JSON.parse(fallbackFor(textOf()))).toHaveProperty('kaudit.hash', document.hash);
    expect(oursOf(document).kaudit.hash).toBe(document.hash);
  });

  it('holds no lone surrogate, which the server cannot read', () => {
    expect(fallbackFor(textOf().replace('alice', '\\ud800'))).not.toMatch(/(?<!\\)\\ud800/);
  });

  it('is redacted as well', () => {
    expect(fallbackFor(textOf({ requestObject: { data: { a: 'canary' } } }))).not.toContain('canary');
  });

  it('is none where the event cannot be read after all', () => {
    expect(fallbackOf({ event: '{"requestObject":{"a":', added: ',"kaudit":{}}' })).toBeUndefined();
  });
});

describe('an event with bytes that are no UTF-8', () => {
  it('keeps the bytes', () => {
    const invalidBytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const origin = { file: 'audit.log', offset: 7, format: 'Event' };
    const result = documentOf({ text: textOf(), invalidBytes, origin }, rawEvent(), CONTEXT);
    if (result.kind !== 'document') throw new Error(result.reason);
    expect(JSON.parse(jsonOf(result.document))).toMatchObject({
      verb: 'get',
      kaudit: { degraded: 'invalid-utf8', raw: `base64:${invalidBytes.toString('base64')}`, origin },
    });
  });
});

describe('variantOf', () => {
  it('names the document whose id it has', () => {
    const { document } = documentFor(textOf());
    expect(variantId(document.id, document.hash)).toBe(`${document.id}~${document.hash}`);
    const variant: unknown = JSON.parse(jsonOf(variantOf(document, document.id)));
    expect(variant).toHaveProperty('kaudit.variant_of', document.id);
  });
});
