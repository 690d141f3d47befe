/** What a run asks, of which data, and in which order. */
import { readCoverages } from './coverage.ts';
import type { Definition } from './definition.ts';
import { recentWindow } from './kinds/new-terms.ts';
import type { Looked } from './noise.ts';
import type { Scope } from './scope.ts';
import type { Search } from './search.ts';
import type { Coverage } from './types.ts';

export interface Looking extends Looked {
  /** What differs from what was asked for. */
  readonly note?: string;
}

/** The data that are asked as one: all of them, or those of one cluster. */
interface Part {
  readonly scope: Scope;
  readonly coverage: Coverage;
}

/** An investigation and what it will be asked of. */
export interface Plan {
  readonly definition: Definition;
  readonly parts: readonly (Part & { readonly looking: Looking })[];
  /** Where noise sets hide something from it. */
  readonly looked: readonly Looked[];
}

/** One plan for each definition, in their order. */
export async function plansOf(
  search: Search,
  definitions: readonly Definition[],
  scope: Scope,
  coverage: Coverage,
): Promise<readonly Plan[]> {
  const parts = await partsOf(search, scope, coverage);
  return definitions.map((definition) => {
    const looking = parts.map((part) => ({ ...part, looking: lookingFor(definition, part.scope, part.coverage) }));
    // What is new is looked for in another window in each cluster; all else, in the same.
    const looked = definition.kind === 'new-terms' ? looking.map((part) => part.looking) : [{ definition, scope }];
    return { definition, parts: looking, looked };
  });
}

async function partsOf(search: Search, scope: Scope, coverage: Coverage): Promise<readonly Part[]> {
  if (scope.cluster !== undefined || Object.keys(coverage.clusters).length < 2) return [{ scope, coverage }];
  const coverages = await readCoverages(search, scope.window);
  return [...coverages].map(([cluster, ofCluster]) => ({ scope: { ...scope, cluster }, coverage: ofCluster }));
}

/** What is new needs something before it: the window of such an investigation is never all the data. */
export function lookingFor(definition: Definition, scope: Scope, coverage: Coverage): Looking {
  if (definition.kind !== 'new-terms') return { definition, scope };
  const window = recentWindow(scope.window, coverage);
  if (window.from === scope.window.from) return { definition, scope };
  return { definition, scope: { ...scope, window }, note: `new since ${window.from}, in the last 24h of the data` };
}

/** The order to begin them in: a long one that began last would run alone. */
export function longestFirst(plans: readonly Plan[]): readonly Plan[] {
  return [...plans].sort((a, b) => lengthOf(b) - lengthOf(a));
}

/** Alerts look at few requests, reports at nearly all, and by spans of time they have the most groups. */
function lengthOf({ definition: { severity, group } }: Plan): number {
  if (severity !== 'info') return 0;
  return group.by.some((key) => typeof key === 'object') ? 2 : 1;
}
