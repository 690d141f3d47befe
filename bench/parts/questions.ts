/** What people ask a log with grep and jq, beside the investigation that answers it. They see events, and no requests. */
export interface Question {
  readonly id: string;
  /** An extended regular expression over the lines of the API server. */
  readonly grep: string;
  /** A condition of jq. */
  readonly jq: string;
}

const ENDED = '.stage == "ResponseComplete"';
const WORKED = `${ENDED} and .responseStatus.code < 400`;

/** A write of something, that worked. */
function written(resource: string): Omit<Question, 'id'> {
  return {
    grep: `"verb":"(create|update|patch)".*"objectRef":\\{"resource":"${resource}"`,
    jq: `${WORKED} and .objectRef.resource == "${resource}" and (.verb == "create" or .verb == "update" or .verb == "patch")`,
  };
}

/** A request for a subresource. */
function sub(resource: string, subresource: string): Omit<Question, 'id'> {
  return {
    grep: `"objectRef":\\{"resource":"${resource}".*"subresource":"${subresource}"`,
    jq: `${ENDED} and .objectRef.resource == "${resource}" and .objectRef.subresource == "${subresource}"`,
  };
}

function deleted(resource: string): Omit<Question, 'id'> {
  return {
    grep: `"verb":"delete(collection)?".*"objectRef":\\{"resource":"${resource}"`,
    jq: `${WORKED} and .objectRef.resource == "${resource}" and (.verb == "delete" or .verb == "deletecollection")`,
  };
}

export const QUESTIONS: readonly Question[] = [
  {
    id: 'secrets-read',
    grep: '"verb":"(get|list|watch)".*"objectRef":\\{"resource":"secrets"',
    jq: `${WORKED} and .objectRef.resource == "secrets" and (.verb == "get" or .verb == "list" or .verb == "watch")`,
  },
  { id: 'secrets-deleted', ...deleted('secrets') },
  { id: 'namespace-deleted', ...deleted('namespaces') },
  { id: 'workload-deleted', ...deleted('deployments') },
  {
    id: 'bulk-deletion',
    grep: '"verb":"delete(collection)?"',
    jq: `${WORKED} and (.verb == "delete" or .verb == "deletecollection")`,
  },
  {
    id: 'exec-into-pod',
    ...sub('pods', '(exec|attach)'),
    jq: `.objectRef.subresource == "exec" or .objectRef.subresource == "attach"`,
  },
  { id: 'pod-port-forward', ...sub('pods', 'portforward') },
  { id: 'ephemeral-container-added', ...sub('pods', 'ephemeralcontainers') },
  { id: 'node-proxy-use', ...sub('nodes', 'proxy') },
  { id: 'cluster-admin-bound', ...written('clusterrolebindings') },
  { id: 'subject-added-to-binding', ...written('rolebindings') },
  { id: 'dangerous-role-written', ...written('clusterroles') },
  {
    id: 'privileged-pod-created',
    grep: '"privileged":true',
    jq: `${WORKED} and any(.requestObject.spec.containers[]?; .securityContext.privileged == true)`,
  },
  {
    id: 'anonymous-request-allowed',
    grep: '"username":"system:anonymous"',
    jq: `${WORKED} and .user.username == "system:anonymous"`,
  },
  { id: 'requests-forbidden', grep: '"code":403', jq: `${ENDED} and .responseStatus.code == 403` },
  { id: 'authentication-failures', grep: '"code":401', jq: '.responseStatus.code == 401' },
  { id: 'impersonation', grep: '"impersonatedUser":', jq: `${ENDED} and .impersonatedUser != null` },
  { id: 'service-account-token-created', ...sub('serviceaccounts', 'token') },
  { id: 'token-secret-created', ...written('secrets') },
  {
    id: 'rare-client',
    grep: '"userAgent":"(curl|python-requests|Wget)',
    jq: `.userAgent | test("^(curl|python-requests|Wget)")`,
  },
];
