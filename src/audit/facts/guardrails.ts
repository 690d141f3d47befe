/** Quotas, limits, budgets and the Pod Security level of a namespace. */
import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import { takesAway } from './bodies.ts';
import type { DisruptionBudgetFacts, NamespaceFacts } from './body-types.ts';
import { allAt, distinct, integerOf, pairsIn, present } from './values.ts';

export function quotaFacts(bodies: readonly JsonObject[]): readonly string[] | undefined {
  return distinct(allAt(bodies, 'spec', 'hard').flatMap(pairsIn));
}

const BOUNDS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** `Container.max.cpu=2` for each bound of a LimitRange. */
export function limitFacts(bodies: readonly JsonObject[]): readonly string[] | undefined {
  const limits = allAt(bodies, 'spec', 'limits').filter(isObject);
  return distinct(
    limits.flatMap((limit) =>
      BOUNDS.flatMap((bound) =>
        pairsIn(limit[bound]).map((pair) => `${stringOf(limit['type']) ?? '?'}.${bound}.${pair}`),
      ),
    ),
  );
}

export function disruptionBudgetFacts(bodies: readonly JsonObject[]): DisruptionBudgetFacts | undefined {
  return present({
    min_available: amountAt(bodies, 'minAvailable'),
    max_unavailable: amountAt(bodies, 'maxUnavailable'),
  });
}

/** A number of pods, or a percentage. */
function amountAt(bodies: readonly JsonObject[], key: string): string | undefined {
  const amounts = allAt(bodies, 'spec', key).map((amount) => stringOf(amount) ?? integerOf(amount)?.toString());
  return distinct(amounts)?.[0];
}

const POD_SECURITY = 'pod-security.kubernetes.io/';
const LEVELS = ['enforce', 'audit', 'warn', 'enforce-version', 'audit-version', 'warn-version'] as const;

export function namespaceFacts(
  bodies: readonly JsonObject[],
  request: unknown,
  isPatch: boolean,
): NamespaceFacts | undefined {
  const labels = allAt(bodies, 'metadata', 'labels');
  const written = labels.flatMap((map) =>
    LEVELS.flatMap((level) => {
      const value = stringOf(at(map, POD_SECURITY + level));
      return value === undefined ? [] : [`${level}=${value}`];
    }),
  );
  const removed = isPatch
    ? LEVELS.filter((level) => takesAway(request, 'metadata', 'labels', POD_SECURITY + level))
    : [];
  return present({ pod_security: distinct(written), pod_security_removed: distinct(removed) });
}
