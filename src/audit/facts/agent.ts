import { memoiseText } from '../memo.ts';
import type { AgentClass, EventFacts } from './types.ts';

/**
 * First match wins. The client chooses its user agent: a class is a hint, never an excuse. Words are looked for between
 * hyphens, so that an observer is no server; and a name that only begins as those of Kubernetes' own programs do is not
 * one of them.
 */
const CLASSES: readonly (readonly [RegExp, AgentClass])[] = [
  [/^(kubectl|kubectl-.*|oc|helm|k9s|kustomize|stern|istioctl|flux|argocd|velero|eksctl|kubeadm|kubens|lens)$/i, 'cli'],
  [/^(?:kube-probe|elb-healthchecker|googlehc)$|^(?:blackbox|uptime)(?:[-_.]|$)/i, 'probe'],
  [/^(mozilla|opera|safari)$/i, 'browser'],
  [
    /^(curl|wget|httpie|python-requests|python-urllib|go-http-client|axios|node-fetch|postmanruntime|powershell)$/i,
    'script',
  ],
  [
    /^(?:openapi-generator|kubernetes-client|okhttp|client-go|kubernetes|java|python|javascript|kr8s|kube-rs)$|^fabric8(?:[-_.]|$)/i,
    'library',
  ],
  [
    /^(kubelet|kube-(?:aggregator|apiserver|controller-manager|dns|flannel|ovn|prometheus|proxy|rbac-proxy|router|scheduler|state-metrics|vip)|kube-storage-version-(?:migrator|trigger)-controller)$/i,
    'controller',
  ],
  [/^kube-/i, 'unknown'],
  [
    /(?:^|[-_.])(?:controller|operator|manager|scheduler|provisioner|autoscaler|agent|webhook|proxy|server)s?(?:[-_.]|$)/i,
    'controller',
  ],
  [
    /^(?:coredns|prometheus|grafana|cert-manager|calico|cilium|flanneld?|fluentd?|filebeat|dashboard)(?:[-_.]|$)/i,
    'controller',
  ],
];

const readAgent = memoiseText((userAgent: string): NonNullable<EventFacts['agent']> => {
  const [product = ''] = userAgent.split(' ', 1);
  const slash = product.indexOf('/');
  const tool = slash < 0 ? product : product.slice(0, slash);
  const version = slash < 0 ? '' : product.slice(slash + 1);
  const agentClass = CLASSES.find(([pattern]) => pattern.test(tool))?.[1] ?? 'unknown';
  return { tool, ...(version !== '' && { version }), class: agentClass };
});

/** `kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46` is the tool kubectl in version v1.31.2. */
export function agentFacts(userAgent: string | undefined): EventFacts['agent'] {
  return userAgent === undefined ? undefined : readAgent(userAgent);
}
