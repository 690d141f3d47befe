import { describe, expect, it } from 'vitest';
import { factsFor } from '../../support/events.ts';

describe('action', () => {
  it.each([
    ['get', {}, 'read', false],
    ['list', {}, 'list', false],
    ['watch', {}, 'watch', false],
    ['create', {}, 'write', true],
    ['patch', {}, 'write', true],
    ['delete', {}, 'delete', true],
    ['deletecollection', {}, 'delete', true],
    ['', {}, 'read', false],
    ['head', {}, 'read', false],
    ['approve', {}, 'write', true],
    ['create', { objectRef: { resource: 'pods', subresource: 'exec' } }, 'connect', false],
    ['get', { objectRef: { resource: 'pods', subresource: 'exec' } }, 'connect', false],
    ['create', { objectRef: { resource: 'services', subresource: 'proxy' } }, 'connect', false],
    ['create', { objectRef: { resource: 'subjectaccessreviews', apiGroup: 'authorization.k8s.io' } }, 'review', false],
    ['create', { objectRef: { resource: 'tokenreviews', apiGroup: 'authentication.k8s.io' } }, 'review', false],
    ['create', { objectRef: { resource: 'tokenreviews', apiGroup: 'example.com' } }, 'write', true],
    ['update', { objectRef: { resource: 'widgets', subresource: 'proxy', apiGroup: 'example.com' } }, 'write', true],
    ['update', { objectRef: { resource: 'pods', subresource: 'exec', apiGroup: 'example.com' } }, 'write', true],
    ['create', { objectRef: { resource: 'pods', subresource: 'binding' } }, 'write', true],
    ['create', { objectRef: { resource: 'pods', subresource: 'eviction' } }, 'delete', true],
    ['get', { objectRef: { resource: 'pods', subresource: 'eviction' } }, 'read', false],
  ])('%s %j is %s', (verb, changes, action, mutating) => {
    expect(factsFor({ verb, ...changes })).toMatchObject({ action, mutating });
  });
});

describe('dry run', () => {
  const uri = { requestURI: '/api/v1/namespaces/prod/secrets/s?dryRun=All' };
  const deleted = { verb: 'delete', level: 'Request' };
  const eviction = { verb: 'create', level: 'Request', objectRef: { resource: 'pods', subresource: 'eviction' } };

  it.each<[string, Record<string, unknown>, boolean]>([
    ['a create whose URI says so', { verb: 'create', ...uri }, true],
    ['a patch whose URI says so', { verb: 'patch', ...uri }, true],
    ['a create whose URI says it in another value', { verb: 'create', requestURI: '/api/v1/pods?x=dryRun=All' }, false],
    ['a create whose body has a field of that name', { verb: 'create', requestObject: { dryRun: ['All'] } }, false],
    ['a delete whose body says so', { ...deleted, requestObject: { kind: 'DeleteOptions', dryRun: ['All'] } }, true],
    [
      'a delete whose URI says so, but not its body',
      { ...deleted, ...uri, requestObject: { kind: 'DeleteOptions' } },
      false,
    ],
    ['a delete whose URI says so and whose body is not logged', { verb: 'delete', ...uri }, false],
    ['a deletecollection whose URI says so', { verb: 'deletecollection', ...uri }, false],
    ['an eviction whose URI says so', { ...eviction, ...uri }, true],
    ['an eviction whose options say so', { ...eviction, requestObject: { deleteOptions: { dryRun: ['All'] } } }, true],
    ['an eviction', { ...eviction, requestObject: { kind: 'Eviction' } }, false],
    [
      'a token request, which hands out a real token',
      { verb: 'create', ...uri, objectRef: { resource: 'serviceaccounts', subresource: 'token' } },
      false,
    ],
    ['an exec', { verb: 'create', ...uri, objectRef: { resource: 'pods', subresource: 'exec' } }, false],
    ['a read', { verb: 'get', ...uri }, false],
  ])('%s', (_, changes, dry) => {
    expect(factsFor(changes).dry_run ?? false).toBe(dry);
  });

  it('changes nothing', () => {
    expect(factsFor({ verb: 'create', requestURI: '/a?dryRun=All' })).toMatchObject({ mutating: false, dry_run: true });
    expect(factsFor({ verb: 'create' })).not.toHaveProperty('dry_run');
  });
});

describe('names', () => {
  it.each([
    [{ resource: 'pods', namespace: 'prod', name: 'api' }, 'pods', 'prod/api'],
    [
      { resource: 'deployments', apiGroup: 'apps', subresource: 'scale', namespace: 'prod', name: 'api' },
      'apps/deployments/scale',
      'prod/api',
    ],
    [{ resource: 'nodes', name: 'n1' }, 'nodes', 'n1'],
    [{ resource: 'namespaces', namespace: 'prod', name: 'prod' }, 'namespaces', 'prod'],
    [{ resource: 'pods', namespace: 'prod' }, 'pods', undefined],
  ])('%j', (objectRef, resource, object) => {
    const facts = factsFor({ objectRef });
    expect([facts.resource, facts.object]).toEqual([resource, object]);
  });

  it('cuts the query off the path', () => {
    expect(factsFor({ requestURI: '/api/v1/pods?limit=5' }).uri.path).toBe('/api/v1/pods');
  });

  it('believes only the last source IP', () => {
    expect(factsFor({ sourceIPs: ['1.2.3.4', '198.51.100.7'] }).source).toMatchObject({ ip: '198.51.100.7' });
    expect(factsFor({ sourceIPs: ['1.2.3.4', 'bogus'] })).not.toHaveProperty('source');
    expect(factsFor({ sourceIPs: undefined })).not.toHaveProperty('source');
  });
});

describe('a generated name', () => {
  const objectRef = { resource: 'pods', namespace: 'prod' };
  const responseObject = { kind: 'Pod', metadata: { name: 'web-x7k2q', generateName: 'web-' } };
  const made = (changes: object): unknown =>
    factsFor({ verb: 'create', level: 'RequestResponse', objectRef, responseObject, ...changes }).object;

  it('is the one that the answer tells', () => {
    expect(made({})).toBe('prod/web-x7k2q');
    expect(made({ objectRef: { resource: 'nodes' } })).toBe('web-x7k2q');
  });

  it('is none where a name was sent, where nothing was made, and where something else is answered', () => {
    expect(made({ objectRef: { ...objectRef, name: 'web' } })).toBe('prod/web');
    expect(made({ verb: 'list' })).toBeUndefined();
    expect(made({ responseObject: { kind: 'Status', metadata: {} } })).toBeUndefined();
    expect(made({ responseObject: undefined })).toBeUndefined();
    expect(made({ objectRef: { ...objectRef, subresource: 'status' } })).toBeUndefined();
    expect(made({ objectRef: undefined })).toBeUndefined();
  });
});

describe('exec', () => {
  const exec = (query: string): unknown =>
    factsFor({
      objectRef: { resource: 'pods', subresource: 'exec' },
      requestURI: `/api/v1/namespaces/p/pods/x/exec${query}`,
    }).exec;

  it('reads what was started from the URI', () => {
    expect(exec('?command=sh&command=-c&command=rm+-rf+%2F&container=app&stdin=true&tty=true')).toEqual({
      command: "sh -c 'rm -rf /'",
      program: 'sh',
      classes: ['shell'],
      container: 'app',
      tty: true,
      stdin: true,
    });
  });

  it('quotes so that no word can pass for two', () => {
    expect(exec("?command=echo&command=it's&command=")).toMatchObject({ command: `echo 'it'\\''s' ''` });
  });

  it('is there without a query, and nowhere else', () => {
    expect(exec('')).toEqual({ tty: false, stdin: false });
    expect(factsFor()).not.toHaveProperty('exec');
  });
});
