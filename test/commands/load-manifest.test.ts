import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jobManifest, type ManifestOptions } from '../../src/commands/load-manifest.ts';
import { kaudit } from '../support/cli.ts';
import { fieldOf } from '../support/field.ts';
import { expectGolden } from '../support/golden.ts';

const OPTIONS: ManifestOptions = {
  volume: { kind: 'claim', claim: 'audit-logs' },
  paths: ['.'],
  pods: 8,
  cluster: 'prod',
  namespace: 'default',
  layout: {},
  image: 'REGISTRY/kaudit:VERSION',
  secret: 'kaudit-elasticsearch',
  name: 'kaudit-load',
};

function podOf(manifest: string): unknown {
  return fieldOf(parse(manifest), 'spec', 'template', 'spec');
}

function argsOf(manifest: string): unknown {
  const containers = fieldOf(podOf(manifest), 'containers');
  return fieldOf(Array.isArray(containers) ? containers[0] : undefined, 'args');
}

describe('kaudit load --manifest', () => {
  it('prints a Job over a claim', async () => {
    const { code, out } = await kaudit([
      'load',
      '.',
      '--manifest',
      '--claim',
      'audit-logs',
      '--pods',
      '8',
      '--cluster',
      'prod',
    ]);
    expect(code).toBe(0);
    expect(out).toBe(jobManifest(OPTIONS));
    expectGolden('manifest-claim.yml', out);
  });

  it('prints a Job over a folder of a node, and runs all pods there', () => {
    const manifest = jobManifest({
      ...OPTIONS,
      volume: { kind: 'folder', folder: '/var/log/kubernetes/audit', node: 'control-plane-1' },
      paths: ['2026', 'old/*.gz'],
      layout: { bucket: 'day', shards: 3 },
      image: 'registry.example/kaudit:1',
    });
    expect(podOf(manifest)).toMatchObject({ nodeSelector: { 'kubernetes.io/hostname': 'control-plane-1' } });
    expectGolden('manifest-folder.yml', manifest);
  });

  it('passes names on as they are: neither YAML nor Kubernetes reads anything into them', () => {
    const cluster = '$(ELASTICSEARCH_API_KEY)\n: #"\'';
    expect(argsOf(jobManifest({ ...OPTIONS, cluster }))).toContain(`--cluster=$${cluster}`);
  });

  it('runs without rights that it does not need', () => {
    expect(podOf(jobManifest(OPTIONS))).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    });
  });

  it.each([
    ['no volume', ['--cluster', 'prod']],
    ['two volumes', ['--cluster', 'prod', '--claim', 'a', '--folder', '/b', '--node', 'c']],
    ['a folder of no node', ['--cluster', 'prod', '--folder', '/b']],
    ['a name that is none', ['--cluster', 'prod', '--claim', 'Audit Logs']],
    ['a name whose pods would have none', ['--cluster', 'prod', '--claim', 'a', '--name', 'x'.repeat(60)]],
    ['a path outside of the volume', ['../etc', '--cluster', 'prod', '--claim', 'a']],
    ['a path from the root', ['/etc', '--cluster', 'prod', '--claim', 'a']],
    ['no pods', ['--cluster', 'prod', '--claim', 'a', '--pods', '0']],
    ['no cluster', ['--claim', 'a']],
  ])('refuses %s', async (_, args) => {
    const { code, out } = await kaudit(['load', '.', '--manifest', ...args]);
    expect([code, out]).toEqual([2, '']);
  });
});
