/** How Services and Ingresses open a cluster to the outside. */
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import type { IngressFacts, ServiceFacts } from './body-types.ts';
import { allAt, distinct, distinctIntegers, firstText, integerOf, pairsIn, present } from './values.ts';

export function serviceFacts(bodies: readonly JsonObject[]): ServiceFacts | undefined {
  const outside = allAt(bodies, 'status', 'loadBalancer', 'ingress');
  return present({
    type: firstText(bodies, 'spec', 'type'),
    external_ips: distinct(allAt(bodies, 'spec', 'externalIPs')),
    node_ports: distinctIntegers(allAt(bodies, 'spec', 'ports', 'nodePort').filter((port) => port !== 0)),
    ports: distinctIntegers(allAt(bodies, 'spec', 'ports', 'port')),
    external_name: firstText(bodies, 'spec', 'externalName'),
    source_ranges: distinct(allAt(bodies, 'spec', 'loadBalancerSourceRanges')),
    ingress: distinct([...allAt(outside, 'ip'), ...allAt(outside, 'hostname')]),
    selectors: distinct(allAt(bodies, 'spec', 'selector').flatMap(pairsIn)),
  });
}

const ANY_HOST = '*';
const OLD_CLASS = 'kubernetes.io/ingress.class';

export function ingressFacts(bodies: readonly JsonObject[]): IngressFacts | undefined {
  const rules = allAt(bodies, 'spec', 'rules').filter(isObject);
  const tls = allAt(bodies, 'spec', 'tls').filter(isObject);
  const covered = new Set(allAt(tls, 'hosts'));
  // An entry without hosts is for all of them.
  const coversAll = tls.some((entry) => allAt([entry], 'hosts').length === 0);
  const hosts = rules.map((rule) => stringOf(rule['host']) ?? ANY_HOST);
  const annotations = allAt(bodies, 'metadata', 'annotations').filter(isObject);
  return present({
    hosts: distinct(hosts),
    plain_hosts: coversAll ? undefined : distinct(hosts.filter((host) => !isCovered(host, covered))),
    tls: tls.length > 0 || (rules.length > 0 ? false : undefined),
    class: firstText(bodies, 'spec', 'ingressClassName') ?? firstText(annotations, OLD_CLASS),
    backends: distinct(backendsIn(bodies)),
    snippets: distinct(annotations.flatMap(Object.keys).filter((key) => key.endsWith('-snippet'))),
  });
}

function isCovered(host: string, covered: ReadonlySet<unknown>): boolean {
  return covered.has(host) || covered.has(host.replace(/^[^.]+/, '*'));
}

function backendsIn(bodies: readonly JsonObject[]): readonly (string | undefined)[] {
  const backends = [
    ...allAt(bodies, 'spec', 'rules', 'http', 'paths', 'backend'),
    ...allAt(bodies, 'spec', 'defaultBackend'),
    ...allAt(bodies, 'spec', 'backend'),
  ];
  return backends.map((backend) => {
    // v1beta1 has its two members in the backend itself.
    const name = stringOf(at(backend, 'service', 'name')) ?? stringOf(at(backend, 'serviceName'));
    const port =
      at(backend, 'service', 'port', 'number') ?? at(backend, 'service', 'port', 'name') ?? at(backend, 'servicePort');
    const said = stringOf(port) ?? integerOf(port);
    return name === undefined ? undefined : said === undefined ? name : `${name}:${said}`;
  });
}
