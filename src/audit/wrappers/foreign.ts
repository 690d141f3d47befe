/** Records of other programs that stand where audit events stand: recognised to be named, not read. */
import { at, type JsonObject, stringOf } from '../../shared/json.ts';
import type { Wrapper, Wrapping } from './wrapping.ts';

const KLOG = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ /;
/** `--audit-log-format=legacy`, which the API server also prints into its own log for events that it could not deliver. */
const LEGACY = /^\d{4}-\d\d-\d\dT\S{1,40} AUDIT: id="/;
/** Go's logrus, which aws-iam-authenticator writes. */
const LOGRUS = /^time="[^"]{1,40}" level=/;

/** What a line of text is, if it is one of those that stand among audit events. */
export function foreignText(text: string): string | undefined {
  if (KLOG.test(text)) return 'klog line';
  if (LEGACY.test(text)) return 'legacy text audit line';
  return LOGRUS.test(text) ? 'authenticator line' : undefined;
}

const skipped = (what: string): Wrapping => ({ format: 'foreign', inside: [{ kind: 'skipped', what }] });

/** Rancher's own API audit log shares two key names with audit.k8s.io (rancher/rancher pkg/auth/audit). */
const rancher: Wrapper = (value) =>
  value['stage'] === undefined && 'requestTimestamp' in value && ('responseCode' in value || 'userLoginName' in value)
    ? skipped('Rancher API audit record')
    : undefined;

/** minikube's audit.json lists its own commands, as CloudEvents. */
const minikube: Wrapper = (value) =>
  value['type'] === 'io.k8s.sigs.minikube.audit' ? skipped('minikube command record') : undefined;

/** The API server's own log with --logging-format=json. */
const jsonKlog: Wrapper = (value) =>
  typeof value['msg'] === 'string' && typeof value['ts'] === 'number' ? skipped('klog line') : undefined;

/** What `kaudit simulate` writes beside a log names the ids of its events. */
const truth: Wrapper = (value) =>
  value['kaudit'] === 1 && Array.isArray(value['mustFire']) ? skipped('answer of kaudit simulate') : undefined;

/** Every second line of a body for Elasticsearch's bulk API says what to do with the next. */
const bulkAction: Wrapper = (value) => {
  const [key, second] = Object.keys(value);
  const isAction = second === undefined && (key === 'index' || key === 'create');
  return isAction && isAddress(value, key) ? skipped('bulk action line') : undefined;
};

function isAddress(value: JsonObject, key: string): boolean {
  const action = value[key];
  if (typeof action !== 'object' || action === null) return false;
  return (
    Object.keys(action).length === 0 || stringOf(at(action, '_index')) !== undefined || at(action, '_id') !== undefined
  );
}

export const FOREIGN: readonly Wrapper[] = [rancher, minikube, jsonKlog, truth, bulkAction];
