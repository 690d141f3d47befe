import pLimit from 'p-limit';
import { eventsAlias } from '../audit/indices.ts';
import { KauditError } from '../shared/errors.ts';
import { readCoverages } from './coverage.ts';
import type { NoiseSet } from './definition.ts';
import { lookingFor } from './plan.ts';
import { investigate } from './run.ts';
import { readerOf } from './scan.ts';
import { judge, type ScenarioCase, type ScenarioVerdict } from './scenario.ts';
import type { Ask, Coverage } from './types.ts';

export interface ScenarioOptions {
  readonly ask: Ask;
  /** Namespace of the index that has the events of all cases, each under its own cluster name. */
  readonly namespace: string;
  readonly noise: ReadonlyMap<string, NoiseSet>;
}

const AT_ONCE = 8;
const NOTHING: Coverage = {
  events: 0,
  requests: 0,
  levels: {},
  stages: {},
  clusters: {},
  olderFacts: 0,
  variants: 0,
};

/**
 * Runs each case as an investigation of its own cluster. Many cases share one index: what its data can show is asked
 * once for all, and what no case judges, the number of hidden requests, is not asked at all.
 */
export async function runCases(
  { ask, namespace, noise }: ScenarioOptions,
  cases: readonly ScenarioCase[],
): Promise<readonly ScenarioVerdict[]> {
  const reader = readerOf(ask, eventsAlias(namespace));
  const coverages = await readCoverages(reader.search, {});
  const limit = pLimit(AT_ONCE);
  const runCase = async (one: ScenarioCase): Promise<ScenarioVerdict> => {
    const { window, cluster, scenario } = one;
    const scope = { window, parameters: scenario.with ?? {}, noise, useNoise: true, cluster };
    const coverage = coverages.get(cluster) ?? NOTHING;
    try {
      return judge(one, await investigate({ ...reader, coverage }, lookingFor(one.definition, scope, coverage)));
    } catch (error) {
      if (!(error instanceof KauditError) || error.code !== 'server-refused') throw error;
      return {
        id: one.definition.id,
        it: one.scenario.it,
        passed: false,
        differences: [`it failed: ${error.message}`],
      };
    }
  };
  return await Promise.all(cases.map((one) => limit(runCase, one)));
}
