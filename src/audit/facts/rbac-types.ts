/** What a role grants, or a binding gives. */
export interface RbacFacts {
  /** `group/resource:verb` for each pair within one rule; `*` is kept, `?` is what a patch does not say; at most 256. */
  readonly grants?: readonly string[];
  readonly dangerous?: readonly string[];
  /** Those of them that only hold if the part of a rule that a patch does not say is the worst. */
  readonly presumed?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly string[];
  /** `User/alice`, `Group/dev`, `ServiceAccount/namespace/name` of a binding; `?` as above. */
  readonly subjects?: readonly string[];
  /** Name of the role that a binding grants; each, where a patch says several. */
  readonly role?: readonly string[];
  /** Its kind: a Role may have the name of a ClusterRole. */
  readonly role_kind?: readonly string[];
  /** Roles that take in the rules of this one by its label, such as `admin`, `edit` and `view`. */
  readonly aggregates_to?: readonly string[];
}
