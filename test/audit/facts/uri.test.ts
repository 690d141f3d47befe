import { describe, expect, it } from 'vitest';
import type { EventFacts } from '../../../src/audit/facts/types.ts';
import { factsFor } from '../../support/events.ts';

type Changes = Record<string, unknown>;

const pods = { resource: 'pods', namespace: 'prod', apiVersion: 'v1' };
const asked = (verb: string, query: string, changes: Changes = {}): EventFacts =>
  factsFor({ verb, requestURI: `/api/v1/namespaces/prod/pods${query}`, objectRef: pods, ...changes });

describe('a list', () => {
  it.each<[string, string, unknown]>([
    ['list', '', { full: true }],
    ['list', '?limit=0', { full: true, limit: 0 }],
    ['list', '?resourceVersion=0', { full: true, resource_version: '0' }],
    ['list', '?limit=500', { limit: 500 }],
    ['list', '?continue=abc%3D&limit=500', { limit: 500, continued: true }],
    ['watch', '?watch=true', { full: true }],
    ['watch', '?watch=true&resourceVersion=0', { full: true, resource_version: '0' }],
    ['watch', '?watch=true&resourceVersion=812', { resource_version: '812' }],
    ['watch', '?sendInitialEvents=true&resourceVersion=812', { full: true, resource_version: '812' }],
    ['watch', '?sendInitialEvents=false&resourceVersion=812', { resource_version: '812' }],
    ['list', '?limit=1e9&limit=5', { full: true }],
    ['list', '?limit=99999999999999999999', { full: true }],
    ['list', '?%E0%A4%A=1&limit=7', { limit: 7 }],
    ['list', '?__proto__=1&constructor=2&limit=7', { limit: 7 }],
  ])('%s %s', (verb, query, list) => {
    expect(asked(verb, query).list).toEqual(list);
  });

  it('of one name is not full, and a get is none', () => {
    const objectRef = { ...pods, name: 'api-0' };
    expect(asked('list', '?fieldSelector=metadata.name%3Dapi-0', { objectRef })).not.toHaveProperty('list');
    expect(asked('get', '/api-0')).not.toHaveProperty('list');
  });
});

describe('a write', () => {
  it.each<[string, unknown]>([
    ['?fieldManager=kubectl-client-side-apply', { field_manager: 'kubectl-client-side-apply' }],
    ['?fieldManager=argo%20cd&force=true', { field_manager: 'argo cd', forced: true }],
    ['?force', { forced: true }],
    ['?force=False', undefined],
    ['?fieldManager=', undefined],
    ['', undefined],
  ])('%s', (query, write) => {
    expect(asked('patch', query).write).toEqual(write);
  });

  it('keeps at most 1024 characters of a name, and no half of one', () => {
    const { write } = asked('patch', `?fieldManager=${'x'.repeat(1023)}${encodeURIComponent('😀')}`);
    expect(write?.field_manager).toBe('x'.repeat(1023));
  });
});

describe('a deletion', () => {
  const options = { level: 'Request', requestObject: { propagationPolicy: 'Orphan', gracePeriodSeconds: 0 } };

  it('says how, in its body or its URI', () => {
    expect(asked('delete', '/api-0', options).delete).toEqual({ propagation: 'Orphan', grace_seconds: 0 });
    expect(asked('delete', '/api-0?gracePeriodSeconds=0&propagationPolicy=Foreground').delete).toEqual({
      propagation: 'Foreground',
      grace_seconds: 0,
    });
    expect(asked('delete', '/api-0')).not.toHaveProperty('delete');
    expect(asked('patch', '/api-0', options)).not.toHaveProperty('delete');
  });

  it('says it of an eviction too', () => {
    const objectRef = { ...pods, name: 'api-0', subresource: 'eviction' };
    const requestObject = { deleteOptions: { gracePeriodSeconds: 5 } };
    expect(asked('create', '/api-0/eviction', { objectRef, level: 'Request', requestObject }).delete).toEqual({
      grace_seconds: 5,
    });
  });

  it('is unsafe where the API server noted it', () => {
    const annotations = { 'apiserver.k8s.io/unsafe-delete-ignore-read-error': '' };
    expect(asked('delete', '/api-0', { annotations }).delete).toEqual({ unsafe: true });
  });

  it('takes nothing of another type', () => {
    const requestObject = { propagationPolicy: { a: 1 }, gracePeriodSeconds: 1e300, deleteOptions: [] };
    expect(asked('delete', '/api-0', { level: 'Request', requestObject })).not.toHaveProperty('delete');
  });
});

describe('what reads logs or forwards ports', () => {
  it('says of which container, and how much', () => {
    const objectRef = { ...pods, name: 'api-0', subresource: 'log' };
    expect(asked('get', '/api-0/log?container=app&follow=true&tailLines=10', { objectRef }).log_read).toEqual({
      container: 'app',
      follow: true,
      tail_lines: 10,
    });
    expect(asked('get', '/api-0/log', { objectRef }).log_read).toEqual({});
    expect(asked('get', '/api-0')).not.toHaveProperty('log_read');
    const custom = { ...objectRef, apiGroup: 'example.com' };
    expect(asked('get', '/api-0/log', { objectRef: custom })).not.toHaveProperty('log_read');
  });

  it('names the ports of a WebSocket', () => {
    const objectRef = { ...pods, name: 'api-0', subresource: 'portforward' };
    expect(asked('get', '/api-0/portforward?ports=8080&ports=22&ports=x', { objectRef }).port_forward).toEqual({
      ports: [8080, 22],
    });
    expect(asked('create', '/api-0/portforward', { objectRef })).not.toHaveProperty('port_forward');
  });
});

describe('a proxied request', () => {
  const proxied = (resource: string, name: string, path: string): unknown =>
    factsFor({
      verb: 'get',
      objectRef: { resource, name, subresource: 'proxy', apiVersion: 'v1' },
      requestURI: `/api/v1/${resource === 'nodes' ? '' : 'namespaces/prod/'}${resource}/${name}/proxy${path}`,
    }).proxy;

  it.each<[string, string, string, unknown]>([
    ['services', 'https:web:8443', '/admin?x=1', { target: 'web', port: '8443', path: '/admin' }],
    ['services', 'https:web:', '/', { target: 'web', path: '/' }],
    ['pods', 'api-0', '/proxy/x', { target: 'api-0', path: '/proxy/x' }],
    ['pods', 'proxy', '/x', { target: 'proxy', path: '/x' }],
    ['nodes', 'n1', '/run/ns/p/c', { target: 'n1', path: '/run/ns/p/c', kubelet: 'run' }],
    ['nodes', 'n1:10250', '/%72un/ns', { target: 'n1', port: '10250', path: '/run/ns', kubelet: 'run' }],
    ['nodes', 'n1', '//checkpoint/a', { target: 'n1', path: '//checkpoint/a', kubelet: 'checkpoint' }],
    ['nodes', 'n1:9100', '/metrics', { target: 'n1', port: '9100', path: '/metrics' }],
    ['nodes', 'n1', '/%E0%A4%A', { target: 'n1', path: '/\ufffd%A', kubelet: '\ufffd%A' }],
    ['nodes', 'n1', '/%63heckpoint/%ff/%0a', { target: 'n1', path: '/checkpoint/\ufffd/\n', kubelet: 'checkpoint' }],
    ['nodes', 'n1', '', { target: 'n1' }],
    ['pods', 'api-0', '?path=admin', { target: 'api-0', path: 'admin' }],
  ])('%s %s %s', (resource, name, path, proxy) => {
    expect(proxied(resource, name, path)).toEqual(proxy);
  });

  it.each(['/api/v1/nodes/n1/%70roxy/checkpoint/a', '//%61pi/v1/node%73/n1/proxy/checkpoint/a%ff'])(
    'is read as the API server reads it: %s',
    (requestURI) => {
      const objectRef = { resource: 'nodes', name: 'n1', subresource: 'proxy', apiVersion: 'v1' };
      expect(factsFor({ verb: 'get', objectRef, requestURI }).proxy).toMatchObject({ kubelet: 'checkpoint' });
    },
  );
});
