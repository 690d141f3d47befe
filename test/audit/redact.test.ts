import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../src/audit/event.ts';
import { redact } from '../../src/audit/redact.ts';
import { rawEvent } from '../support/events.ts';

const CANARY = 'canary-3f9c2b';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function redacted(changes: { readonly [key: string]: unknown }): {
  text: string;
  paths: readonly string[];
  before: string;
} {
  const before = JSON.stringify(rawEvent(changes));
  const parsed = parseEvent(JSON.parse(before));
  if (parsed.kind === 'rejected') throw new Error(parsed.reason);
  return { ...redact(before, parsed.event), before };
}

const secretsRef = { resource: 'secrets', namespace: 'prod', name: 's', apiVersion: 'v1' };
const podsRef = { resource: 'pods', namespace: 'prod', name: 'p', apiVersion: 'v1' };
const tokenRef = { resource: 'serviceaccounts', subresource: 'token', namespace: 'prod', name: 'sa' };

describe('redact', () => {
  it.each([
    ['a Secret', secretsRef, { kind: 'Secret', data: { password: CANARY } }, 'requestObject.data'],
    ['stringData', secretsRef, { kind: 'Secret', stringData: { a: CANARY } }, 'requestObject.stringData'],
    ['a Secret whose data is no map', secretsRef, { kind: 'Secret', data: CANARY }, 'requestObject.data'],
    ['values that are no strings', secretsRef, { data: { a: [CANARY], b: { c: CANARY } } }, 'requestObject.data'],
    ['a SecretList', secretsRef, { kind: 'SecretList', items: [{ data: { a: CANARY } }] }, 'requestObject.items.data'],
    [
      'a Table of Secrets',
      secretsRef,
      { kind: 'Table', rows: [{ object: { data: { a: CANARY } } }] },
      'requestObject.rows.object.data',
    ],
    ['a merge patch without kind', secretsRef, { data: { a: CANARY } }, 'requestObject.data'],
    ['a JSON Patch', secretsRef, [{ op: 'replace', path: '/data/a', value: CANARY }], 'requestObject.value'],
    [
      'a Secret in a List of other things',
      podsRef,
      { kind: 'List', items: [{ kind: 'Secret', data: { a: CANARY } }] },
      'requestObject.items.data',
    ],
    ['a token request', tokenRef, { kind: 'TokenRequest', status: { token: CANARY } }, 'requestObject.status.token'],
    ['a token review', { resource: 'tokenreviews' }, { spec: { token: CANARY } }, 'requestObject.spec.token'],
    [
      'the last-applied annotation',
      podsRef,
      { metadata: { annotations: { [LAST_APPLIED]: CANARY } } },
      `requestObject.metadata.annotations.${LAST_APPLIED}`,
    ],
    [
      'the same in a JSON Patch',
      podsRef,
      [{ op: 'add', path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration', value: CANARY }],
      'requestObject.value',
    ],
    [
      'the copy that kapp keeps',
      podsRef,
      { metadata: { annotations: { 'kapp.k14s.io/original': CANARY } } },
      'requestObject.metadata.annotations.kapp.k14s.io/original',
    ],
    [
      'the copy that Rancher keeps, in a JSON Patch',
      podsRef,
      [{ op: 'add', path: '/metadata/annotations/objectset.rio.cattle.io~1applied', value: CANARY }],
      'requestObject.value',
    ],
    [
      'any other annotation of a Secret',
      secretsRef,
      { metadata: { annotations: { 'example.com/note': CANARY } } },
      'requestObject.metadata.annotations',
    ],
    ["an OAuth client's secret", { resource: 'oauthclients' }, { secret: CANARY }, 'requestObject.secret'],
    [
      'its further secrets',
      { resource: 'oauthclients' },
      { additionalSecrets: [CANARY] },
      'requestObject.additionalSecrets',
    ],
    [
      'its secret in a JSON Patch',
      { resource: 'oauthclients' },
      [{ op: 'replace', path: '/secret', value: CANARY }],
      'requestObject.value',
    ],
    [
      'its secret in a List',
      podsRef,
      { kind: 'List', items: [{ kind: 'OAuthClient', secret: CANARY }] },
      'requestObject.items.secret',
    ],
    ['an access token', { resource: 'oauthaccesstokens' }, { refreshToken: CANARY }, 'requestObject.refreshToken'],
    [
      'managedFields',
      podsRef,
      { metadata: { managedFields: [{ manager: CANARY }] } },
      'requestObject.metadata.managedFields',
    ],
  ])('takes out %s and names the place', (_, objectRef, requestObject, path) => {
    const { text, paths } = redacted({ level: 'Request', objectRef, requestObject });
    expect(text).not.toContain(CANARY);
    expect(paths).toEqual([path]);
    expect(() => JSON.parse(text)).not.toThrow();
  });

  it('looks into the response as well', () => {
    const { text } = redacted({ objectRef: secretsRef, responseObject: { data: { a: CANARY } } });
    expect(text).not.toContain(CANARY);
  });

  it("takes out a webhook's patch of a Secret", () => {
    const annotations = { 'patch.webhook.admission.k8s.io/round_0_index_0': `{"patch":"${CANARY}"}` };
    expect(redacted({ objectRef: secretsRef, annotations }).text).not.toContain(CANARY);
    expect(redacted({ objectRef: podsRef, annotations }).text).toContain(CANARY);
  });

  it('keeps the names of keys, and everything around, byte for byte', () => {
    const { text, before } = redacted({
      objectRef: secretsRef,
      requestObject: { kind: 'Secret', data: { password: CANARY, tls: CANARY } },
    });
    expect(text).toBe(before.replaceAll(`"${CANARY}"`, '"[redacted]"'));
  });

  it('keeps what annotations of Secrets are known to say, and all those of other objects', () => {
    const annotations = { 'kubernetes.io/service-account.name': 'deployer' };
    const secret = redacted({ objectRef: secretsRef, requestObject: { metadata: { annotations } } });
    expect(secret.text).toBe(secret.before);
    const pod = redacted({ objectRef: podsRef, requestObject: { metadata: { annotations: { note: 'x' } } } });
    expect(pod.text).toBe(pod.before);
  });

  it('keeps a null, which in a patch removes the key', () => {
    const { text, before } = redacted({ objectRef: secretsRef, requestObject: { data: { old: null } } });
    expect(text).toBe(before);
  });

  it('does not touch the data of a ConfigMap, nor an event at level Metadata', () => {
    const configMap = redacted({
      objectRef: { resource: 'configmaps' },
      requestObject: { kind: 'ConfigMap', data: { a: 'b' } },
    });
    expect(configMap.text).toBe(configMap.before);
    const metadata = redacted({});
    expect(metadata.text).toBe(metadata.before);
    expect(metadata.paths).toEqual([]);
  });

  it('finds a value however deep the Secret lies', () => {
    const wrap = fc.constantFrom<(value: unknown) => unknown>(
      (value) => [value],
      (value) => ({ items: [value] }),
      (value) => ({ object: value, 'odd "key"': 1 }),
    );
    fc.assert(
      fc.property(fc.array(wrap, { maxLength: 8 }), (wraps) => {
        const secret: unknown = { data: { key: CANARY }, kind: 'Secret' };
        const responseObject = wraps.reduce((value, step) => step(value), secret);
        expect(redacted({ objectRef: podsRef, responseObject }).text).not.toContain(CANARY);
      }),
    );
  });
});
