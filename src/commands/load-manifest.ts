import { Document, isScalar } from 'yaml';
import type { Argv } from 'yargs';
import { type Bucket, MOST_PRIMARY_SHARDS, requireNamespace } from '../audit/indices.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import { requireWhole } from './option-values.ts';

/** Where the pods find the logs: a claim, or a folder of the one node that they all run on. */
export type LogVolume =
  | { readonly kind: 'claim'; readonly claim: string }
  | { readonly kind: 'folder'; readonly folder: string; readonly node: string };

export interface ManifestOptions {
  readonly volume: LogVolume;
  /** Below the volume's root. */
  readonly paths: readonly string[];
  readonly pods: number;
  readonly cluster: string;
  readonly namespace: string;
  /** Of the index: for its first load. */
  readonly layout: { readonly bucket?: Bucket; readonly shards?: number };
  readonly image: string;
  readonly secret: string;
  readonly name: string;
}

const IMAGE = 'REGISTRY/kaudit:VERSION';
const LOGS = '/logs';
const HOME = '/var/lib/kaudit';
/** An account that no image has files of. */
const USER = 65532;

/** A Job that loads the logs on several pods, each its share. */
export function jobManifest(options: ManifestOptions): string {
  const document = new Document(jobOf(options), { aliasDuplicateObjects: false });
  document.commentBefore = [
    ` Loads ${options.pods} shards of the logs at once. It may be run again: what is stored is not stored twice.`,
    ' The credentials come from a Secret, which is made once:',
    `   kubectl create secret generic ${options.secret} \\`,
    '     --from-literal=url=https://elasticsearch.example:9200 --from-literal=api-key=…',
    ` A load that ends with 3 (something was quarantined) has said so in its log. The lines themselves lie in ${HOME},`,
    ' which goes with the pod: make it a claim to keep them. They are also still in the logs.',
  ].join('\n');
  const comment = (path: readonly (string | number)[], text: string): void => {
    const node = document.getIn(path, true);
    if (isScalar(node)) node.comment = ` ${text}`;
  };
  const pod = ['spec', 'template', 'spec'];
  if (options.image === IMAGE) {
    comment([...pod, 'containers', 0, 'image'], 'a placeholder: name an image with Node 20 or newer and kaudit in it');
  }
  comment([...pod, 'securityContext', 'runAsUser'], 'must be able to read the logs; never root');
  return document.toString({ lineWidth: 0 });
}

function jobOf({ name, pods, image, secret, volume, ...load }: ManifestOptions) {
  const labels = { 'app.kubernetes.io/name': 'kaudit', 'app.kubernetes.io/component': 'load' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels },
    spec: {
      completionMode: 'Indexed',
      completions: pods,
      parallelism: pods,
      backoffLimitPerIndex: 3,
      podFailurePolicy: {
        // Trying again helps against a server that was away, and not against what a log holds or a flag says.
        rules: [
          {
            action: 'FailIndex',
            onExitCodes: {
              containerName: 'kaudit',
              operator: 'In',
              values: [EXIT.usage, EXIT.partial, EXIT.unbalanced],
            },
          },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          ...(volume.kind === 'folder' && { nodeSelector: { 'kubernetes.io/hostname': volume.node } }),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: USER,
            runAsGroup: USER,
            fsGroup: USER,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [containerOf({ image, secret, pods, ...load })],
          volumes: [
            { name: 'logs', ...volumeOf(volume) },
            { name: 'home', emptyDir: {} },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      },
    },
  };
}

function volumeOf(volume: LogVolume) {
  return volume.kind === 'claim'
    ? { persistentVolumeClaim: { claimName: volume.claim, readOnly: true } }
    : { hostPath: { path: volume.folder, type: 'Directory' } };
}

type Contained = Omit<ManifestOptions, 'name' | 'volume'>;

function containerOf({ image, secret, pods, paths, cluster, namespace, layout }: Contained) {
  const fromSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name: secret, key } } });
  const args = [
    'load',
    ...paths.map((path) => (path === '.' ? LOGS : `${LOGS}/${path}`)),
    `--cluster=${cluster}`,
    `--namespace=${namespace}`,
    ...(layout.bucket === undefined ? [] : [`--bucket=${layout.bucket}`]),
    ...(layout.shards === undefined ? [] : [`--primary-shards=${layout.shards}`]),
    `--shard=job/${pods}`,
    // A pod asks for one core; a node's others are for its other pods.
    '--threads=0',
  ];
  return {
    name: 'kaudit',
    image,
    command: ['kaudit'],
    args: args.map(verbatim),
    env: [
      { name: 'ELASTICSEARCH_URL', ...fromSecret('url') },
      { name: 'ELASTICSEARCH_API_KEY', ...fromSecret('api-key') },
      { name: 'KAUDIT_HOME', value: HOME },
    ],
    resources: { requests: { cpu: '1', memory: '512Mi' }, limits: { memory: '1Gi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'logs', mountPath: LOGS, readOnly: true },
      { name: 'home', mountPath: HOME },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** Kubernetes expands `$(NAME)` in arguments; `$$` is a `$`. */
function verbatim(arg: string): string {
  return arg.replaceAll('$', '$$$$');
}

export interface ManifestFlags {
  readonly paths?: readonly (string | number)[];
  readonly claim?: string;
  readonly folder?: string;
  readonly node?: string;
  readonly pods?: number;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly bucket?: Bucket;
  readonly primaryShards?: number;
  readonly image?: string;
  readonly secret?: string;
  readonly job?: string;
}

/** The flags of `load --manifest`, beside those of load itself. */
export function manifestOptions<T>(args: Argv<T>): Argv<T> {
  return args
    .options({
      manifest: { type: 'boolean', describe: 'Print a Kubernetes Job that loads PATHS below the root of a volume' },
      claim: { type: 'string', describe: 'PersistentVolumeClaim with the logs, which all pods can mount' },
      folder: { type: 'string', describe: 'Instead: a folder of a node, with --node' },
      node: { type: 'string', describe: 'The node that has the folder; all pods run on it' },
      pods: { type: 'number', describe: 'Pods, each of which loads its shard (4)' },
      image: { type: 'string', describe: 'Container image with kaudit in it' },
      secret: { type: 'string', describe: `Secret with the keys url and api-key (${SECRET})` },
      job: { type: 'string', describe: `Name of the Job (${JOB})` },
    })
    .group(['manifest', ...OF_A_MANIFEST], 'On many pods at once:')
    .example('$0 load . --manifest --claim audit-logs --pods 8 --cluster prod', 'a Job of eight pods') as Argv<T>;
}

const OF_A_MANIFEST = ['claim', 'folder', 'node', 'pods', 'image', 'secret', 'job'] as const;

/** A load by itself takes none of the flags of a manifest. */
export function requireNoManifestFlags(flags: ManifestFlags): void {
  const given = OF_A_MANIFEST.find((name) => flags[name] !== undefined);
  if (given !== undefined) throw new KauditError('usage', `--${given} says something of a Job: add --manifest.`);
}

const SECRET = 'kaudit-elasticsearch';
const JOB = 'kaudit-load';

/** The Job that the flags ask for. */
export function manifestOf(flags: ManifestFlags): string {
  return jobManifest(readFlags(flags));
}

function readFlags(flags: ManifestFlags): ManifestOptions {
  const { cluster = '', image = IMAGE, bucket, primaryShards } = flags;
  if (cluster === '') throw new KauditError('usage', 'Say which Kubernetes cluster wrote the logs: --cluster NAME.');
  const shards =
    primaryShards === undefined ? undefined : requireWhole('--primary-shards', primaryShards, 1, MOST_PRIMARY_SHARDS);
  return {
    volume: volumeFlags(flags),
    paths: (flags.paths ?? ['.']).map((path) => pathBelow(String(path))),
    pods: requireWhole('--pods', flags.pods ?? 4, 1, 9999),
    cluster,
    namespace: requireNamespace(flags.namespace ?? 'default'),
    layout: { ...(bucket !== undefined && { bucket }), ...(shards !== undefined && { shards }) },
    image,
    secret: objectName('--secret', flags.secret ?? SECRET),
    name: jobName(flags.job ?? JOB),
  };
}

function volumeFlags({ claim, folder, node }: ManifestFlags): LogVolume {
  if (claim !== undefined && folder === undefined && node === undefined) {
    return { kind: 'claim', claim: objectName('--claim', claim) };
  }
  if (claim === undefined && folder?.startsWith('/') && node !== undefined) {
    return { kind: 'folder', folder, node: objectName('--node', node) };
  }
  throw new KauditError('usage', 'Say where the logs are: --claim NAME, or --folder /PATH with --node NAME.', {
    hint: 'Shares are parts of one set of files, so a folder must be that of one node: each node has its own.',
  });
}

/** Names of Kubernetes objects that end up in labels and selectors too: RFC 1123 subdomains. */
function objectName(flag: string, name: string): string {
  if (name.length <= 63 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) return name;
  throw new KauditError('usage', `${flag} is "${name}", which is no name of a Kubernetes object.`, {
    hint: 'Use lower-case letters, digits, "-" and ".".',
  });
}

/** Pods of an indexed Job are hosts named NAME-INDEX: a DNS label of at most 63 characters. */
function jobName(name: string): string {
  if (name.length <= 58 && !name.includes('.')) return objectName('--job', name);
  throw new KauditError('usage', `--job is "${name}": expected at most 58 characters and no ".".`);
}

function pathBelow(path: string): string {
  if (path !== '' && !path.startsWith('/') && !path.split('/').includes('..')) return path.replace(/\/+$/, '');
  throw new KauditError('usage', `"${path}" is not below the volume with the logs.`, {
    hint: 'Name paths from the root of the volume on, such as 2026/*.gz; leave them out to load all of it.',
  });
}
