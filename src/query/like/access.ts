import type { JsonObject } from '../../shared/json.ts';
import { creation, request, type Target, write } from './base.ts';

const RBAC = 'rbac.authorization.k8s.io';
const READ = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }];
const BOB = [{ kind: 'User', apiGroup: RBAC, name: 'bob@example.com' }];
const CSR: Target = { resource: 'certificatesigningrequests', group: 'certificates.k8s.io', name: 'bob' };
const DEPLOYER: Target = { resource: 'serviceaccounts', namespace: 'ci', name: 'deployer' };

/** Who may do what: roles, bindings, accounts, tokens and certificates. */
export const ACCESS: Readonly<Record<string, JsonObject>> = {
  role: creation('ClusterRole', { resource: 'clusterroles', group: RBAC, name: 'reader' }, { rules: READ }),
  'namespace-role': creation(
    'Role',
    { resource: 'roles', group: RBAC, namespace: 'prod', name: 'reader' },
    { rules: READ },
  ),
  binding: creation(
    'ClusterRoleBinding',
    { resource: 'clusterrolebindings', group: RBAC, name: 'readers' },
    { roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' }, subjects: BOB },
  ),
  'namespace-binding': creation(
    'RoleBinding',
    { resource: 'rolebindings', group: RBAC, namespace: 'prod', name: 'readers' },
    { roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' }, subjects: BOB },
  ),
  'service-account': creation('ServiceAccount', DEPLOYER, {}),
  token: request('create', { ...DEPLOYER, subresource: 'token' }),
  csr: creation('CertificateSigningRequest', CSR, {
    spec: { signerName: 'kubernetes.io/kube-apiserver-client', request: 'LS0t', usages: ['client auth'] },
  }),
  'approve-csr': write(
    'update',
    { ...CSR, subresource: 'approval' },
    {
      kind: 'CertificateSigningRequest',
      apiVersion: 'certificates.k8s.io/v1',
      metadata: { name: 'bob' },
      spec: { signerName: 'kubernetes.io/kube-apiserver-client', request: 'LS0t', usages: ['client auth'] },
      status: { conditions: [{ type: 'Approved', status: 'True', reason: 'KubectlApprove' }] },
    },
  ),
  'access-review': creation(
    'SelfSubjectAccessReview',
    { resource: 'selfsubjectaccessreviews', group: 'authorization.k8s.io' },
    { spec: { resourceAttributes: { verb: 'get', resource: 'secrets', namespace: 'prod' } } },
  ),
  'rules-review': creation(
    'SelfSubjectRulesReview',
    { resource: 'selfsubjectrulesreviews', group: 'authorization.k8s.io' },
    { spec: { namespace: 'prod' } },
  ),
};
