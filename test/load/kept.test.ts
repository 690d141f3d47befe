import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keep } from '../../src/load/kept.ts';
import { rawEvent } from '../support/events.ts';

/** Any three characters of it are told apart from everything else here. */
const CANARY = 'ZQ'.repeat(20);
const APPLIED = { kind: 'Secret', data: { password: CANARY }, stringData: { other: CANARY } };
const SECRET = {
  ...APPLIED,
  metadata: {
    name: 'db',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(APPLIED) },
  },
};
const EVENTS = [
  rawEvent({ level: 'RequestResponse', responseObject: SECRET }),
  rawEvent({ level: 'Request', requestObject: [{ op: 'replace', path: '/data/password', value: CANARY }] }),
  rawEvent({ level: 'RequestResponse', responseObject: { kind: 'TokenRequest', status: { token: CANARY } } }),
  rawEvent({ level: 'Request', requestObject: { metadata: {}, kind: 'SecretList', items: [SECRET] } }),
];

/** What shippers and clouds put around an event. */
const WRAPPERS: readonly ((text: string) => string)[] = [
  (text) => `{"kind":"EventList","items":[${text}]}`,
  (text) => JSON.stringify({ log: text, stream: 'stdout' }),
  (text) => JSON.stringify({ '@timestamp': '2026-03-02T09:41:07Z', message: text }),
  (text) => `[${text}]`,
  (text) => `2026-03-02T09:41:07Z stdout F ${text}`,
];

const wrapped = fc
  .tuple(fc.constantFrom(...EVENTS), fc.array(fc.constantFrom(...WRAPPERS), { maxLength: 3 }), fc.boolean())
  .map(([event, wrappers, pretty]) =>
    wrappers.reduce((text, wrap) => wrap(text), JSON.stringify(event, null, pretty ? 2 : 0)),
  );

describe('what is kept of a record', () => {
  it('holds no piece of a secret, however it is wrapped and wherever it is cut', () => {
    fc.assert(
      fc.property(wrapped, fc.nat(), fc.nat(), (text, from, length) => {
        const start = from % text.length;
        const piece = text.slice(start, start + 1 + (length % (text.length - start)));
        for (const part of [text, piece, piece.trim()]) expect(keep(part).original).not.toContain('ZQZ');
      }),
      { numRuns: 2000 },
    );
  });

  it('holds no piece of a secret where the cuts fall on its brackets', () => {
    for (const event of EVENTS) {
      const text = JSON.stringify(event);
      const starts = [...text.matchAll(/[{["]/g)].map(({ index }) => index);
      const ends = [...text.matchAll(/[}\]"]/g)].map(({ index }) => index + 1);
      for (const start of starts) {
        for (const end of ends) {
          if (start === 0 && end === text.length) continue;
          expect(keep(text.slice(start, end)).original).not.toContain('ZQZ');
        }
      }
    }
  });

  it('is all of an event, so that it can be loaded again', () => {
    const text = JSON.stringify(rawEvent({ requestObject: { spec: { replicas: 3 } } }));
    expect(keep(text)).toMatchObject({ original: text, whole: true });
  });
});
