/** Events that scenarios start from: what an API server writes for these requests. */
import type { JsonObject } from '../../shared/json.ts';
import { ACCESS } from './access.ts';
import { CLUSTER } from './cluster.ts';
import { PODS } from './pods.ts';
import { REQUESTS } from './requests.ts';
import { WORKLOADS } from './workloads.ts';

export const TEMPLATES: Readonly<Record<string, JsonObject>> = {
  ...REQUESTS,
  ...PODS,
  ...WORKLOADS,
  ...ACCESS,
  ...CLUSTER,
};
