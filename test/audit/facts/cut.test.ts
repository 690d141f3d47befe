/** Lists that a client made longer than a fact keeps. */
import { describe, expect, it } from 'vitest';
import { factsJson } from '../../../src/audit/facts/index.ts';
import type { EventFacts } from '../../../src/audit/facts/types.ts';
import { eventOf, factsFor } from '../../support/events.ts';

const RBAC = 'rbac.authorization.k8s.io';
const many = <T>(count: number, one: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => one(index));
const users = (count: number): readonly object[] => many(count, (index) => ({ kind: 'User', name: `u${index}` }));

function written(resource: string, apiGroup: string, requestObject: object): EventFacts {
  return factsFor({ verb: 'create', level: 'Request', objectRef: { resource, apiGroup, name: 'x' }, requestObject });
}

const binding = (...subjects: readonly object[]): EventFacts =>
  written('clusterrolebindings', RBAC, { roleRef: { name: 'view' }, subjects });
const pod = (spec: object): EventFacts => written('pods', '', { spec });

describe('a list of more values than a fact keeps', () => {
  it('is cut, and named', () => {
    const facts = binding(...users(257));
    expect(facts.cut).toEqual(['rbac.subjects']);
    expect(facts.rbac?.subjects).toHaveLength(256);
  });

  it('is not named where it has just as many, however often it says each', () => {
    const facts = binding(...users(256), ...users(256));
    expect(facts).not.toHaveProperty('cut');
    expect(facts.rbac?.subjects).toHaveLength(256);
  });

  it('is named once for each fact, of numbers and of names alike', () => {
    const ports = many(300, (index) => ({ hostPort: index + 1 }));
    const containers = many(300, (index) => ({ name: `c${index}`, image: `i${index}`, ports }));
    expect(pod({ containers }).cut).toEqual(
      expect.arrayContaining(['pod.host_ports', 'pod.container_names', 'pod.images', 'pod.repositories']),
    );
    const data = Object.fromEntries(many(257, (index) => [`k${index}`, '']));
    expect(written('secrets', '', { data }).cut).toEqual(['secret_keys']);
  });

  it('is named of what the URI says', () => {
    const ports = many(257, (index) => `ports=${index + 1}`).join('&');
    const facts = factsFor({
      verb: 'get',
      requestURI: `/api/v1/namespaces/prod/pods/a/portforward?${ports}`,
      objectRef: { resource: 'pods', subresource: 'portforward', namespace: 'prod', name: 'a' },
    });
    expect(facts.cut).toEqual(['port_forward.ports']);
    expect(facts.port_forward?.ports).toHaveLength(256);
  });

  it('is written into the document as it is told', () => {
    const objectRef = { resource: 'clusterrolebindings', apiGroup: RBAC, name: 'x' };
    const event = eventOf({ verb: 'create', level: 'Request', objectRef, requestObject: { subjects: users(300) } });
    expect(JSON.parse(`{${factsJson(event)}}`)).toMatchObject({ cut: ['rbac.subjects'] });
  });
});

describe('what matters most in a long list', () => {
  it('is kept of subjects: everybody, and the accounts that pods have', () => {
    const facts = binding(
      ...users(300),
      { kind: 'ServiceAccount', namespace: 'prod', name: 'default' },
      ...many(300, (index) => ({ kind: 'Group', name: `system:filler-${index}` })),
      { kind: 'Group', name: 'system:unauthenticated' },
    );
    expect(facts.rbac?.subjects?.slice(0, 3)).toEqual([
      'Group/system:unauthenticated',
      'ServiceAccount/prod/default',
      'User/u0',
    ]);
  });

  it('is kept of what a webhook is sent: credentials', () => {
    const groups = many(300, (index) => `g${index}.example.com`);
    const facts = written('mutatingwebhookconfigurations', 'admissionregistration.k8s.io', {
      webhooks: [
        { rules: [{ apiGroups: groups, resources: ['pods'], operations: ['CREATE'] }] },
        { rules: [{ apiGroups: [...groups, ''], resources: ['pods', 'secrets'], operations: ['DELETE', 'UPDATE'] }] },
      ],
    });
    expect(facts.webhook?.intercepts?.[0]).toBe('secrets:UPDATE');
    expect(facts.cut).toEqual(['webhook.intercepts']);
  });

  it('is kept of volumes: what runs code on the node', () => {
    const odd = Object.fromEntries(many(300, (index) => [`x${index}`, {}]));
    const facts = pod({ containers: [], volumes: [odd, { name: 'a', gitRepo: { repository: 'r' } }] });
    expect(facts.pod?.volume_types?.[0]).toBe('gitRepo');
  });

  it('does not hide behind images of one registry', () => {
    const filler = many(300, (index) => ({ image: `registry.example.com/a:${index}` }));
    const facts = pod({ containers: [...filler, { image: 'metal3d/xmrig' }] });
    expect(facts.pod?.repositories).toEqual(['registry.example.com/a', 'docker.io/metal3d/xmrig']);
    expect(facts.cut).toEqual(['pod.images', 'pod.tags', 'pod.unpinned_images']);
  });
});
