/**
 * A new investigation: valid as it stands, about ConfigMaps that are deleted, to be changed line by line.
 * Comments say what each part is for and what else it may hold.
 */
export function skeletonOf(id: string): string {
  return `id: ${id} # the file is called like it
version: 1
title: ConfigMaps deleted
question: Who deleted which ConfigMaps, and from where?
severity: low # info, low, medium, high or critical
attack: [] # ATT&CK techniques, such as [T1485]

# threshold asks who did it often: it needs, beside what is here,
#   threshold: { atLeast: 20, within: 10m }
kind: events

# KQL over the fields of the README. Values with a colon, a blank or a bracket stand in double quotes; a star is a
# wildcard outside of quotes; write out what is no list: (verb: get or verb: list).
match: >-
  objectRef.resource: configmaps and kaudit.action: delete
  and kaudit.outcome: success and not kaudit.dry_run: true

# Where the answer is in a body, say so, and which requests have to be logged with theirs:
#   requires: { level: Request, of: 'objectRef.resource: pods and kaudit.action: write' }
requires: { level: Metadata }

# Who does it for a living: kaudit query noise lists the sets.
noise: [cleanup-controllers, control-plane]

# Values that --param NAME=VALUE gives; exclude leaves them out, otherwise only they are looked at.
parameters:
  exceptUsers: { field: kaudit.actor.name, exclude: true, about: People and tools whose deletions are expected }

# One line of the answer for each combination of these fields, with these measures: requests, min, max, values, distinct.
group:
  by: [kaudit.actor.name, objectRef.namespace]
  show:
    requests: requests
    names: { values: objectRef.name }
    from: { values: kaudit.source.ip }
    first: { min: "@timestamp" }
    last: { max: "@timestamp" }
  order: requests

schedule: { every: 1h, lookback: 2h } # how often to run it, and over how much

falsePositives:
  - what: Pipelines that replace what they have made
    tell: A service account, in a namespace of its own
next:
  - Look what the same actor did before and after.

# Events through the real loader: at least two that match and two that do not. Each starts from a template (get, list,
# read-secret, create, delete, exec, forbidden, login-failed, anonymous, pod, deployment, role, binding, token), and what
# stands beside it replaces its parts; times, every and at make several. Run them with kaudit query test.
scenarios:
  - it: sees a ConfigMap that is deleted
    given: [{ like: delete }]
    expect: { requests: 1, first: { names: [settings] } }
  - it: puts two of one actor in one line
    given: [{ like: delete, times: 2, every: 1m }]
    expect: { requests: 2, groups: 1 }
  - it: is silent about a refused attempt
    given: [{ like: delete, responseStatus: { code: 403 } }]
    expect: { requests: 0 }
  - it: is silent about one that is created
    given: [{ like: create }]
    expect: { requests: 0 }
`;
}
