import { describe, expect, it } from 'vitest';
import { factsFor } from '../../support/events.ts';

const meta = (requestObject: unknown, verb = 'patch', changes: object = {}): unknown =>
  factsFor({
    verb,
    level: 'Request',
    objectRef: { resource: 'deployments', apiGroup: 'apps' },
    requestObject,
    ...changes,
  }).meta;
const marked = (labels: object, annotations: object = {}): unknown =>
  meta({ metadata: { labels, annotations } }, 'create');

describe('what an object says of itself', () => {
  it('is who owns it', () => {
    const ownerReferences = [
      { kind: 'ReplicaSet', name: 'web-7d9' },
      { name: 'x' },
      { kind: { toString: 1 }, name: 'y' },
    ];
    expect(meta({ metadata: { ownerReferences } }, 'create')).toEqual({ owners: ['ReplicaSet/web-7d9', '?/x', '?/y'] });
  });

  it.each<[object, object, readonly string[]]>([
    [{ 'app.kubernetes.io/managed-by': 'Helm' }, { 'meta.helm.sh/release-name': 'web' }, ['helm']],
    [{ 'argocd.argoproj.io/instance': 'web' }, {}, ['argocd']],
    [{}, { 'argocd.argoproj.io/tracking-id': 'web:x' }, ['argocd']],
    [{ 'kustomize.toolkit.fluxcd.io/name': 'web' }, {}, ['flux']],
    [{}, { 'objectset.rio.cattle.io/id': 'x' }, ['fleet']],
  ])('is who manages it: %j %j', (labels, annotations, managers) => {
    expect(marked(labels, annotations)).toEqual({ managers });
  });

  it('is what its name is generated of', () => {
    expect(meta({ metadata: { generateName: 'web-' } }, 'create')).toEqual({ generate_name: 'web-' });
  });

  it('is that it wants to pass an image policy', () => {
    expect(marked({ 'image-policy.k8s.io/break-glass': 'true' })).toEqual({ break_glass: true });
    expect(marked({}, { 'prod.image-policy.k8s.io/ticket-1': 'break-glass' })).toEqual({ break_glass: true });
    expect(marked({ 'image-policy.k8s.io/owner': 'team', 'example.com/break-glass': 'x' })).toBeUndefined();
  });
});

describe('finalizers that a patch', () => {
  it.each<[string, unknown]>([
    ['nulls', { metadata: { finalizers: null } }],
    ['empties', { metadata: { finalizers: [] } }],
    ['deletes from', { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }],
    ['removes', [{ op: 'remove', path: '/metadata/finalizers' }]],
    ['removes one of', [{ op: 'remove', path: '/metadata/finalizers/0' }]],
    ['replaces by none', [{ op: 'replace', path: '/metadata/finalizers', value: [] }]],
    ['replaces by null', [{ op: 'replace', path: '/metadata/finalizers', value: null }]],
    ['takes away with all metadata', { metadata: null }],
    ['adds as none', [{ op: 'add', path: '/metadata/finalizers', value: [] }]],
    ['leaves out of the metadata that it puts in', [{ op: 'replace', path: '/metadata', value: { name: 'web' } }]],
    ['leaves out of all that it puts in', [{ op: 'add', path: '', value: { metadata: {} } }]],
    ['moves away', [{ op: 'move', from: '/metadata/finalizers', path: '/metadata/annotations/a' }]],
    ['leaves out of metadata that are replaced', { metadata: { $patch: 'replace', name: 'web' } }],
    ['deletes with the metadata', { metadata: { $patch: 'delete', finalizers: ['a'] } }],
  ])('%s are removed', (_, patch) => {
    expect(meta(patch)).toMatchObject({ finalizers: 'removed' });
  });

  it('sets are written, also where what became of it is logged', () => {
    expect(meta({ metadata: { finalizers: ['a'] } })).toEqual({ finalizers: 'written' });
    expect(meta([{ op: 'add', path: '/metadata/finalizers/-', value: 'a' }])).toEqual({ finalizers: 'written' });
    const responseObject = { kind: 'Deployment', metadata: { finalizers: ['a'] } };
    const patch = [{ op: 'add', path: '/metadata/labels/a', value: 'b' }];
    expect(meta(patch, 'patch', { level: 'RequestResponse', responseObject })).toBeUndefined();
  });

  it('leaves alone are not told', () => {
    expect(meta({ metadata: { labels: { a: null } } })).toBeUndefined();
    expect(meta([{ op: 'remove', path: '/metadata/finalizersx' }])).toBeUndefined();
    expect(meta([{ op: 'test', path: '/metadata/finalizers', value: null }])).toBeUndefined();
    expect(meta({ metadata: { finalizers: [] } }, 'update')).toBeUndefined();
    expect(meta([{ op: 'replace', path: '/spec', value: {} }])).toBeUndefined();
    expect(meta([{ op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/b' }])).toBeUndefined();
    expect(meta({ metadata: { $patch: 'merge' }, spec: { $patch: 'replace' } })).toBeUndefined();
  });
});

describe('owners that a patch takes away', () => {
  it.each<[unknown, unknown]>([
    [{ metadata: { ownerReferences: null } }, { owners_removed: true }],
    [{ metadata: { ownerReferences: [{ $patch: 'delete', uid: 'x' }] } }, { owners_removed: true }],
    [{ metadata: { ownerReferences: [{ $patch: 'replace' }] } }, { owners_removed: true }],
    [{ metadata: { ownerReferences: [] } }, { owners_removed: true }],
    [[{ op: 'remove', path: '/metadata/ownerReferences/0' }], { owners_removed: true }],
    [[{ op: 'replace', path: '/metadata/ownerReferences', value: [] }], { owners_removed: true }],
    [[{ op: 'test', path: '/metadata/ownerReferences', value: [] }], undefined],
    [{ spec: { ownerReferences: [] } }, undefined],
    [{ metadata: { ownerReferences: [{ kind: 'A', name: 'b' }] } }, { owners: ['A/b'] }],
  ])('%j', (patch, facts) => {
    expect(meta(patch)).toEqual(facts);
  });
});
