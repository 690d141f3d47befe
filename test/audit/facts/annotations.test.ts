import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMicros } from '../../../src/audit/facts/durations.ts';
import type { EventFacts } from '../../../src/audit/facts/types.ts';
import { factsFor } from '../../support/events.ts';

const noted = (annotations: object): EventFacts => factsFor({ annotations });

describe('what admission noted', () => {
  it('names webhooks that changed the object, those that failed open, and policies that were broken', () => {
    const mutation = (webhook: string, mutated: boolean): string =>
      JSON.stringify({ configuration: 'c', webhook, mutated });
    expect(
      noted({
        'mutation.webhook.admission.k8s.io/round_0_index_0': mutation('sidecar.example.com', true),
        'mutation.webhook.admission.k8s.io/round_0_index_1': mutation('idle.example.com', false),
        'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'gate.example.com',
        'validation.policy.admission.k8s.io/validation_failure':
          '[{"message":"no","policy":"limits","binding":"b","expressionIndex":0,"validationActions":["Audit"]}]',
      }).admission,
    ).toEqual({
      mutated_by: ['sidecar.example.com'],
      failed_open: ['gate.example.com'],
      policy_failures: ['limits'],
    });
  });

  it.each([
    '{',
    'null',
    '[1]',
    '{"mutated":"true","webhook":"x"}',
    '{"__proto__":{"mutated":true},"webhook":"x"}',
    5,
    {},
  ])('takes nothing from %j', (value) => {
    expect(
      noted({
        'mutation.webhook.admission.k8s.io/round_0_index_0': value,
        'validation.policy.admission.k8s.io/validation_failure': value,
      }),
    ).not.toHaveProperty('admission');
  });

  it("tells Pod Security's verdict", () => {
    expect(
      noted({
        'pod-security.kubernetes.io/enforce-policy': 'restricted:latest',
        'pod-security.kubernetes.io/audit-violations': 'would violate PodSecurity "restricted:latest": privileged',
        'pod-security.kubernetes.io/exempt': 'user',
      }).pod_security,
    ).toEqual({
      enforced: 'restricted:latest',
      violations: 'would violate PodSecurity "restricted:latest": privileged',
      exempt: 'user',
    });
  });
});

describe('the parts of a slow request', () => {
  it('are microseconds', () => {
    expect(
      noted({
        'apiserver.latency.k8s.io/total': '1.5s',
        'apiserver.latency.k8s.io/etcd': '812.5ms',
        'apiserver.latency.k8s.io/apf-queue-wait': '12µs',
        'apiserver.latency.k8s.io/response-write': 'soon',
        'apiserver.latency.k8s.io/unknown': '1s',
      }).latency,
    ).toEqual({ total_us: 1_500_000, etcd_us: 812_500, apf_queue_wait_us: 12 });
  });

  it.each<[unknown, number | undefined]>([
    ['1h2m3.5s', 3_723_500_000],
    ['1m0.000001s', 60_000_001],
    ['999ns', 1],
    ['3us', 3],
    ['0s', undefined],
    ['1', undefined],
    ['-1s', undefined],
    ['1s ', undefined],
    ['', undefined],
    [5, undefined],
    ['9'.repeat(60), undefined],
    [`${'9'.repeat(40)}h`, undefined],
    ['1s'.repeat(1e6), undefined],
  ])('%s is %s', (text, micros) => {
    expect(durationMicros(text) || undefined).toBe(micros);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.hmsµnu]*$/)), (text) => {
        const micros = durationMicros(text);
        expect(micros === undefined || Number.isSafeInteger(micros)).toBe(true);
      }),
    );
  });
});

describe('an API that goes away', () => {
  const cronjobs = { resource: 'cronjobs', apiGroup: 'batch', apiVersion: 'v1beta1' };

  it("is told in the API server's own words, else by the deprecation guide", () => {
    const annotations = { 'k8s.io/deprecated': 'true', 'k8s.io/removed-release': '1.99' };
    expect(factsFor({ annotations }).api).toEqual({ deprecated: true, removed_release: '1.99' });
    expect(factsFor({ annotations, objectRef: cronjobs }).api).toEqual({ deprecated: true, removed_release: '1.99' });
    expect(factsFor({ objectRef: cronjobs }).api).toEqual({ deprecated: true, removed_release: '1.25' });
    expect(noted({ 'k8s.io/deprecated': 'true' }).api).toEqual({ deprecated: true });
  });

  it.each([
    { ...cronjobs, apiVersion: 'v1' },
    { ...cronjobs, apiGroup: 'example.com' },
    { ...cronjobs, apiGroup: undefined },
    { resource: 'selfsubjectreviews', apiGroup: 'authentication.k8s.io', apiVersion: 'v1beta1' },
    { resource: '__proto__', apiGroup: 'batch', apiVersion: 'v1beta1' },
  ])('is not %j', (objectRef) => {
    expect(factsFor({ objectRef })).not.toHaveProperty('api');
  });
});

describe('a token', () => {
  it('is known by its id where it is issued and where it is used', () => {
    const id = 'JTI=2c1f9f4c-0000-4000-8000-000000000001';
    expect(noted({ 'authentication.kubernetes.io/issued-credential-id': id }).token).toEqual({ issued_id: id });
    const user = { username: 'a', extra: { 'authentication.kubernetes.io/credential-id': [id] } };
    expect(factsFor({ user }).credential).toBe(id);
    const odd = { username: 'a', extra: { 'authentication.kubernetes.io/credential-id': id } };
    expect(factsFor({ user: odd })).not.toHaveProperty('credential');
  });

  it('that is old says so, and where it lies', () => {
    const annotations = {
      'authentication.k8s.io/legacy-token': 'system:serviceaccount:ci:builder',
      'authentication.k8s.io/legacy-token-manual-secret': 'builder-token',
    };
    const user = { username: 'system:serviceaccount:ci:builder' };
    const token = { warnings: ['legacy', 'manual'], secret: 'ci/builder-token' };
    expect(factsFor({ annotations, user }).token).toEqual(token);
    // The token is that of who impersonates.
    const impersonatedUser = { username: 'system:serviceaccount:prod:api' };
    expect(factsFor({ annotations, user, impersonatedUser }).token).toEqual(token);
    expect(factsFor({ annotations, user: { username: 'a' } }).token).toMatchObject({ secret: 'builder-token' });
    expect(noted({ 'authentication.k8s.io/stale-token': 'x' }).token).toEqual({ warnings: ['stale'] });
  });

  it('that was switched off lies in a Secret of the same form', () => {
    const invalidated = (value: unknown): unknown =>
      noted({ 'authentication.k8s.io/legacy-token-invalidated': value }).token;
    expect(invalidated('builder-token/ci')).toEqual({ warnings: ['invalidated'], secret: 'ci/builder-token' });
    expect(invalidated('builder-token')).toEqual({ warnings: ['invalidated'], secret: 'builder-token' });
    expect(invalidated({ a: 1 })).toEqual({ warnings: ['invalidated'] });
  });
});

describe('other notes', () => {
  it('tell weak certificates by their hosts', () => {
    expect(noted({ 'missing-san.invalid-cert.kubernetes.io/hook.ns.svc': 'x' }).weak_certificates).toEqual([
      'missing-san/hook.ns.svc',
    ]);
  });

  it('of webhooks themselves are nothing to us', () => {
    expect(noted({ 'gate.example.com/reason': 'x', 'authorization.k8s.io/decision': 'allow' })).toEqual(
      noted({ 'authorization.k8s.io/decision': 'allow' }),
    );
  });

  it('keep at most 256 of any number', () => {
    const many = Array.from({ length: 1000 }, (_, index) => [`insecure-sha1.invalid-cert.kubernetes.io/h${index}`, '']);
    expect(noted(Object.fromEntries(many)).weak_certificates).toHaveLength(256);
  });
});

describe('an impersonated user', () => {
  it('has extra fields, whose keys are told', () => {
    const user = { username: 'eve', extra: { scopes: ['all'], __proto__x: [] } };
    expect(factsFor({ impersonatedUser: user }).impersonated_extra).toEqual(['scopes', '__proto__x']);
    expect(factsFor({ impersonatedUser: { username: 'eve' } })).not.toHaveProperty('impersonated_extra');
  });
});
