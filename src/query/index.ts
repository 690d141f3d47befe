export { type Definition, invalidFile, type NoiseSet, type Scenario } from './definition.ts';
export { type FieldTypes, fieldTypes } from './fields.ts';
export { type Investigation, type Library, readLibrary, SHIPPED, validateFiles, yamlFiles } from './library.ts';
export { parseParameters } from './parameters.ts';
export { type RunOptions, runInvestigations } from './run.ts';
export { judge, type ScenarioCase, type ScenarioVerdict, scenarioCases } from './scenario.ts';
export { parseWindow } from './time.ts';
export type * from './types.ts';
export { SEVERITIES } from './types.ts';
