export { askServer } from './ask-server.ts';
export { checkCollection } from './collection.ts';
export { compileSearch } from './compile.ts';
export { type Definition, invalidFile, type NoiseSet, type Scenario } from './definition.ts';
export { discoverLink } from './discover.ts';
export { exportElasticRule } from './elastic-rule.ts';
export { type Condition, type ExplainedEvent, type Explanation, explainEvent } from './explain.ts';
export { type FieldTypes, fieldTypes } from './fields.ts';
export { MOST_BUCKETS } from './groups.ts';
export {
  type Investigation,
  kqlIn,
  type Library,
  readLibrary,
  readSources,
  readText,
  SHIPPED,
  type StoredPack,
  type Wanted,
  yamlFiles,
} from './library.ts';
export { holds, membersOf } from './pack.ts';
export { parseParameters } from './parameters.ts';
export { lineOf } from './place.ts';
export type { Exported } from './rule-limits.ts';
export { type RunOptions, runInvestigations } from './run.ts';
export { judge, type ScenarioCase, type ScenarioVerdict, scenarioCases } from './scenario.ts';
export { runCases } from './scenario-run.ts';
export type { Scope } from './scope.ts';
export { searchPath } from './search.ts';
export { exportSigma } from './sigma/export.ts';
export { importSigma } from './sigma/import.ts';
export { skeletonOf } from './skeleton.ts';
export { parseWindow } from './time.ts';
export type * from './types.ts';
export { SEVERITIES } from './types.ts';
