import { describe, expect, it } from 'vitest';
import { contentHash, documentId } from '../../src/audit/identity.ts';
import { eventOf, rawEvent } from '../support/events.ts';

const id = (changes?: { readonly [key: string]: unknown }, cluster = 'prod'): string =>
  documentId(eventOf(changes), cluster);

describe('documentId', () => {
  it('is the same for the same event', () => {
    expect(id()).toBe(id());
  });

  it("is the same for the log file's and the webhook's copy, and whatever the bodies are", () => {
    expect(id({ kind: undefined, apiVersion: undefined, requestObject: { a: 1 } })).toBe(id());
  });

  it.each([
    ['auditID', { auditID: 'x' }],
    ['stage', { stage: 'ResponseStarted' }],
    ['verb', { verb: 'list' }],
    ['requestURI', { requestURI: '/' }],
    ['user', { user: { username: 'bob' } }],
    ['source IPs', { sourceIPs: ['198.51.100.7', '10.0.0.1'] }],
    ['received time', { requestReceivedTimestamp: '2026-03-02T09:41:07.123457Z' }],
    ['stage time', { stageTimestamp: '2026-03-02T09:41:07.125957Z' }],
  ])('differs by %s', (_, changes) => {
    expect(id(changes)).not.toBe(id());
  });

  it('differs by cluster', () => {
    expect(id({}, 'prod')).not.toBe(id({}, 'test'));
  });

  it('cannot be made equal by moving text from one member to the next', () => {
    expect(id({ verb: 'get/', requestURI: 'api' })).not.toBe(id({ verb: 'get', requestURI: '/api' }));
  });

  it('sorts by the second of its stage', () => {
    const ids = ['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'].map((stageTimestamp) =>
      id({ stageTimestamp }),
    );
    expect([...ids].sort()).toEqual(ids);
  });
});

describe('contentHash', () => {
  it('does not see the kind and apiVersion that only the log file writes', () => {
    const bare = JSON.stringify(rawEvent({ kind: undefined, apiVersion: undefined }));
    expect(contentHash(JSON.stringify(rawEvent()))).toBe(contentHash(bare));
  });

  it('sees everything else', () => {
    expect(contentHash(JSON.stringify(rawEvent({ userAgent: 'x' })))).not.toBe(contentHash(JSON.stringify(rawEvent())));
  });
});
