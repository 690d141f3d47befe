import type { InvestigationResult, RunResult } from '../../src/query/types.ts';

const quiet = { matches: 0, groups: [], moreGroups: 0, hidden: {}, tookMs: 1 } as const;

const admin: InvestigationResult = {
  ...quiet,
  id: 'cluster-admin-bound',
  title: 'cluster-admin given away',
  severity: 'high',
  status: 'findings',
  matches: 1,
  reason: '3 of 4 requests that could show it are logged below Request: log them at Request to see it',
  groups: [
    {
      by: { 'kaudit.actor.name': 'alice@example.com', 'objectRef.name': 'builders' },
      requests: 1,
      show: { requests: 1, to: ['ServiceAccount/ci/builder'], in: [], first: '2026-03-02T09:41:07.123Z' },
    },
  ],
};

const secrets: InvestigationResult = {
  ...quiet,
  id: 'secrets-read',
  title: 'Secrets read',
  severity: 'medium',
  status: 'findings',
  matches: 1234,
  moreGroups: 7,
  hidden: { nodes: 295, 'control-plane': 909 },
  groups: [
    {
      by: { 'kaudit.actor.name': 'system:serviceaccount:ci:deployer', 'objectRef.namespace': null },
      requests: 1200,
      show: {
        requests: 1200,
        secrets: ['db-password', 'tls', 'api', 'mail', 'registry', 'ssh'],
        from: ['203.0.113.7'],
        first: '2026-03-02T09:43:00Z',
        last: '2026-03-03T01:10:00Z',
      },
      more: { secrets: 94 },
    },
    {
      by: { 'kaudit.actor.name': 'bob@example.com', 'objectRef.namespace': 'prod' },
      requests: 34,
      show: {
        requests: 34,
        secrets: ['api'],
        from: ['198.51.100.8'],
        first: '2026-03-02T10:00:00Z',
        last: '2026-03-02T10:00:30Z',
      },
    },
  ],
};

const slow: InvestigationResult = {
  ...quiet,
  id: 'latency-by-client',
  title: 'Slow clients',
  severity: 'info',
  status: 'findings',
  matches: 61_234,
  units: { p50: 'microseconds', p99: 'microseconds', refused: 'percent' },
  groups: [
    {
      by: { time: '2026-03-02T09:00:00.000Z', 'kaudit.agent.tool': 'kubectl' },
      requests: 61_000,
      show: { requests: 61_000, p50: 850, p99: 1_254_321.5, refused: 12.35, average: 1234.5 },
    },
    {
      by: { time: '2026-03-02T10:00:00.000Z', 'kaudit.agent.tool': 'helm' },
      requests: 234,
      show: { requests: 234, p50: 35_210, p99: null, refused: 0.04, average: 17 },
    },
  ],
};

const bulk: InvestigationResult = {
  ...quiet,
  id: 'bulk-deletion',
  title: 'Deletions in bulk',
  severity: 'high',
  status: 'findings',
  matches: 73,
  legend: {
    peak: 'the most requests within 10m, where one that matches (verb: deletecollection) counts as 5; it begins at peakFrom',
  },
  groups: [
    {
      by: { 'kaudit.actor.name': 'erin@example.com' },
      requests: 73,
      show: {
        deletions: 73,
        with: ['kubectl'],
        first: '2026-03-02T08:14:10Z',
        last: '2026-03-02T14:54:59Z',
        peak: 105,
        peakFrom: '2026-03-02T08:31:00Z',
      },
    },
  ],
};

const none = (id: string): InvestigationResult => ({ ...quiet, id, title: id, severity: 'low', status: 'none' });

export const RUN: RunResult = {
  window: { from: '2026-03-02T00:00:00.000Z' },
  parameters: {},
  coverage: {
    events: 48_211,
    requests: 24_730,
    levels: { Metadata: 48_190, RequestResponse: 21 },
    stages: { RequestReceived: 23_481, ResponseComplete: 24_730 },
    clusters: { demo: 48_000, '': 211 },
    olderFacts: 0,
    variants: 0,
    first: '2026-03-02T00:00:01Z',
    last: '2026-03-03T23:59:59Z',
  },
  hidden: { nodes: 295, 'control-plane': 909 },
  results: [
    secrets,
    none('impersonation'),
    admin,
    none('exec-into-pod'),
    {
      ...quiet,
      id: 'privileged-pod-created',
      title: 'Privileged pod',
      severity: 'high',
      status: 'not-observable',
      reason: 'all 17 requests that could show it are logged below Request: log them at Request to see it',
    },
    {
      ...quiet,
      id: 'bulk-deletion',
      title: 'Deletions',
      severity: 'high',
      status: 'error',
      reason: 'The answer is not complete: 1 shards failed.',
    },
  ],
  tookMs: 21,
};

/** A run over data with what a reader must know of them. */
export const NOTED: RunResult = { ...RUN, coverage: { ...RUN.coverage, olderFacts: 1200, variants: 3 } };
export const QUIET: RunResult = { ...RUN, hidden: {}, results: [none('impersonation'), none('exec-into-pod')] };
/** Asked with parameters; one that counts in spans of time. */
export const ASKED: RunResult = {
  ...QUIET,
  parameters: { exceptUsers: ['bob@example.com', "it's me"] },
  results: [bulk],
};
export const PEAK: RunResult = { ...QUIET, results: [bulk, none('impersonation')] };
/** One that measures. */
export const MEASURED: RunResult = { ...RUN, results: [slow] };
export const ONE: RunResult = { ...RUN, results: [secrets] };
export const EMPTY: RunResult = {
  window: {},
  parameters: {},
  coverage: { events: 0, requests: 0, levels: {}, stages: {}, clusters: {}, olderFacts: 0, variants: 0 },
  hidden: {},
  tookMs: 3,
  results: [{ ...none('impersonation'), status: 'not-observable', reason: 'there are no events in this window' }],
};

/** As EMPTY, where there is nothing in any other place. */
export const NOWHERE: RunResult = { ...EMPTY, elsewhere: [] };
/** As EMPTY, where there are events in other places. */
export const ELSEWHERE: RunResult = {
  ...EMPTY,
  elsewhere: [
    {
      namespace: 'demo',
      cluster: 'arn:aws:eks:eu-central-1:123456789012:cluster/production',
      events: 20_000,
      first: '2026-03-02T00:00:00Z',
      last: '2026-03-02T23:59:00Z',
    },
    { namespace: 'old', cluster: '', events: 1 },
  ],
};
