import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../src/audit/event.ts';
import { eventOf, rawEvent } from '../support/events.ts';

describe('parseEvent', () => {
  it.each([
    ['audit.k8s.io/v1', rawEvent()],
    ['audit.k8s.io/v1beta1', rawEvent({ apiVersion: 'audit.k8s.io/v1beta1' })],
    ['the item of an EventList, without kind and apiVersion', rawEvent({ kind: undefined, apiVersion: undefined })],
  ])('accepts %s', (_, event) => {
    expect(parseEvent(event).kind).toBe('event');
  });

  it.each([
    ['a number', 7, 'not a JSON object'],
    ['an array', [], 'not a JSON object'],
    ['{"kind": 0}', { kind: 0 }, 'kind is not Event'],
    ['another kind', rawEvent({ kind: 'Pod' }), 'kind is not Event'],
    ['another group', rawEvent({ apiVersion: 'v1' }), 'apiVersion is not audit.k8s.io'],
    ['no auditID', rawEvent({ auditID: undefined }), 'no auditID: not an audit event'],
    ['an unknown stage', rawEvent({ stage: 'Later' }), 'stage is none of the four'],
    ['level None', rawEvent({ level: 'None' }), 'level is none of Metadata, Request, RequestResponse'],
  ])('rejects %s and says why', (_, value, reason) => {
    expect(parseEvent(value)).toEqual({ kind: 'rejected', reason });
  });

  it('reads members of the wrong type as absent', () => {
    const event = eventOf({
      user: { username: { a: 1 }, groups: 'x' },
      sourceIPs: [1, '::1'],
      responseStatus: { code: '200' },
    });
    expect(event.user).toEqual({ username: undefined, uid: undefined, groups: [], extra: undefined });
    expect(event.sourceIPs).toEqual(['::1']);
    expect(event.responseStatus?.code).toBeUndefined();
  });

  it('reads both times in microseconds', () => {
    const event = eventOf();
    expect(Number(event.stageMicros) - Number(event.receivedMicros)).toBe(2500);
  });

  it('reads the one time of events before Kubernetes 1.9', () => {
    const event = eventOf({
      requestReceivedTimestamp: undefined,
      stageTimestamp: undefined,
      timestamp: '2017-06-01T12:00:00Z',
    });
    expect(event.stageMicros).toBe(Date.UTC(2017, 5, 1, 12) * 1000);
  });

  it('never throws, whatever JSON it is given', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => ['event', 'rejected'].includes(parseEvent(value).kind)));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(rawEvent())), fc.jsonValue()), (changes) =>
        ['event', 'rejected'].includes(parseEvent(rawEvent(changes)).kind),
      ),
    );
  });
});
