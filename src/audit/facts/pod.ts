import { at, isObject, type JsonObject, stringOf, stringsOf } from '../../shared/json.ts';
import type { PodFacts } from './body-types.ts';
import { commandClasses, commandText } from './commands.ts';
import { dangerousLists } from './dangerous-lists.ts';
import { unconfinedParts } from './hardening.ts';
import { capabilityDangers, hostPathDangers, normalCapability, normalPath } from './host-access.ts';
import { imageFacts } from './images.ts';
import { containersOf } from './pod-specs.ts';
import { allAt, distinct, distinctIntegers, firstText, objectsIn, pairsIn, present, textOf } from './values.ts';

const API_SERVER = '(api-server)';
const MIRROR = 'kubernetes.io/config.mirror';

/** What the pods of the request may do on their node. Booleans are present only when they are true. */
export function podFacts(specs: readonly JsonObject[], bodies: readonly JsonObject[]): PodFacts | undefined {
  if (specs.length === 0) return undefined;
  const containers = specs.flatMap(containersOf);
  return {
    ...hostFacts(specs, containers, bodies),
    ...imageFacts(containers.map((container) => container['image'])),
    ...containerFacts(specs, containers),
    ...ephemeralFacts(specs),
    ...credentialFacts(specs, containers),
    ...placeFacts(specs),
    ...(allAt(bodies, 'metadata', 'annotations', MIRROR).length > 0 && { mirror: true }),
  };
}

function hostFacts(
  specs: readonly JsonObject[],
  containers: readonly JsonObject[],
  bodies: readonly JsonObject[],
): PodFacts {
  const security = [...specs, ...containers].map((part) => part['securityContext']);
  const volumes = specs.flatMap((spec) => objectsIn(spec['volumes']));
  const paths = volumes
    .map((volume) => stringOf(at(volume, 'hostPath', 'path')))
    .filter((path) => path !== undefined)
    .map(normalPath);
  const capabilities = security.flatMap((context) =>
    stringsOf(at(context, 'capabilities', 'add')).map(normalCapability),
  );
  const has = (key: string): boolean => specs.some((spec) => spec[key] === true);
  const allows = (key: string): boolean => security.some((context) => at(context, key) === true);
  const powers = {
    privileged: allows('privileged'),
    'host-network': has('hostNetwork'),
    'host-pid': has('hostPID'),
    'host-ipc': has('hostIPC'),
    'host-process': security.some((context) => at(context, 'windowsOptions', 'hostProcess') === true),
  };
  const held = Object.entries(powers).flatMap(([name, isHeld]) => (isHeld ? [name] : []));
  const annotations = [...bodies, ...allAt(bodies, 'spec', 'template')].map((made) =>
    at(made, 'metadata', 'annotations'),
  );
  const facts = present({
    dangerous: distinct([...held, ...hostPathDangers(paths), ...capabilityDangers(capabilities)]),
    dangerous_in: dangerousLists(specs),
    privileged: powers.privileged || undefined,
    privilege_escalation: allows('allowPrivilegeEscalation') || undefined,
    host_network: powers['host-network'] || undefined,
    host_pid: powers['host-pid'] || undefined,
    host_ipc: powers['host-ipc'] || undefined,
    share_process_namespace: has('shareProcessNamespace') || undefined,
    host_paths: distinct(paths),
    host_ports: distinctIntegers(allAt(containers, 'ports', 'hostPort').filter((port) => port !== 0)),
    added_capabilities: distinct(capabilities),
    unconfined: distinct(unconfinedParts(security, annotations)),
    run_as_root: specs.some(runsAsRoot) || undefined,
    volume_types: distinct(volumeTypes(volumes)),
  });
  return facts ?? {};
}

/** A volume has its type as a key: gitRepo first, which runs code on the node, so that made-up keys do not cut it off. */
function volumeTypes(volumes: readonly JsonObject[]): readonly string[] {
  const types = volumes.flatMap(Object.keys).filter((key) => key !== 'name' && !key.startsWith('$'));
  return [...types.filter((type) => type === 'gitRepo'), ...types];
}

function containerFacts(specs: readonly JsonObject[], containers: readonly JsonObject[]): PodFacts {
  const commands = containers
    .map((container) => [...stringsOf(container['command']), ...stringsOf(container['args'])])
    .filter((words) => words.length > 0);
  const facts = present({
    container_names: distinct(containers.map((container) => container['name'])),
    containers: specs.reduce((most, spec) => Math.max(most, containersOf(spec).length), 0) || undefined,
    commands: distinct(commands.map(commandText)),
    command_classes: distinctClasses(commands),
    interactive: containers.some(({ stdin, tty }) => stdin === true && tty === true) || undefined,
  });
  return facts ?? {};
}

function distinctClasses(commands: readonly (readonly string[])[]): PodFacts['command_classes'] {
  const classes = new Set(commands.flatMap((words) => commandClasses(words) ?? []));
  return classes.size === 0 ? undefined : [...classes];
}

function ephemeralFacts(specs: readonly JsonObject[]): PodFacts {
  const ephemeral = allAt(specs, 'ephemeralContainers');
  const facts = present({
    ephemeral_images: distinct(ephemeral.map((container) => at(container, 'image'))),
    ephemeral_targets: distinct(ephemeral.map((container) => at(container, 'targetContainerName'))),
  });
  return facts ?? {};
}

function credentialFacts(specs: readonly JsonObject[], containers: readonly JsonObject[]): PodFacts {
  const volumes = allAt(specs, 'volumes');
  const tokens = allAt(volumes, 'projected', 'sources', 'serviceAccountToken').filter(isObject);
  const facts = present({
    service_account: firstText(specs, 'serviceAccountName') ?? firstText(specs, 'serviceAccount'),
    secrets: distinct([
      ...allAt(containers, 'env', 'valueFrom', 'secretKeyRef', 'name'),
      ...allAt(containers, 'envFrom', 'secretRef', 'name'),
      ...allAt(volumes, 'secret', 'secretName'),
      ...allAt(volumes, 'projected', 'sources', 'secret', 'name'),
      ...allAt(specs, 'imagePullSecrets', 'name'),
    ]),
    token_audiences: distinct(tokens.map((token) => textOf(token['audience']) ?? API_SERVER)),
  });
  return facts ?? {};
}

/** On which nodes it runs. */
function placeFacts(specs: readonly JsonObject[]): PodFacts {
  const tolerations = allAt(specs, 'tolerations').filter(isObject);
  const all = tolerations.some(({ operator, key, effect }) => operator === 'Exists' && !key && !effect);
  const facts = present({
    node_name: firstText(specs, 'nodeName'),
    node_selectors: distinct(specs.flatMap((spec) => pairsIn(spec['nodeSelector']))),
    priority_class: firstText(specs, 'priorityClassName'),
    tolerates_all: all || undefined,
  });
  return facts ?? {};
}

/** Only what is asked for by number: an image's own user is not in the log. A container's setting beats its pod's. */
function runsAsRoot(spec: JsonObject): boolean {
  const podUser = at(spec, 'securityContext', 'runAsUser');
  const containers = containersOf(spec);
  if (containers.length === 0) return podUser === 0;
  return containers.some((container) => (at(container, 'securityContext', 'runAsUser') ?? podUser) === 0);
}
