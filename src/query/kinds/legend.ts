import type { Definition } from '../definition.ts';
import type { InvestigationResult } from '../types.ts';

/** What the numbers count that a kind adds to its groups. */
export function legendOf(definition: Definition): InvestigationResult['legend'] {
  switch (definition.kind) {
    case 'threshold': {
      const { within, distinct, heavy } = definition.threshold;
      const weight =
        heavy === undefined ? '' : `, where one that matches (${oneLine(heavy.match)}) counts as ${heavy.counts}`;
      return { peak: `the most ${counted(distinct)} within ${within}${weight}; it begins at peakFrom` };
    }
    case 'spike': {
      const { every, baseline, distinct } = definition.spike;
      return {
        peak: `the most ${counted(distinct)} in ${every}; it begins at peakFrom`,
        usual: `how many there are in ${every} on average, in the ${baseline} before`,
      };
    }
    default:
      return undefined;
  }
}

function counted(distinct: string | undefined): string {
  return distinct === undefined ? 'requests' : `different values of ${distinct}`;
}

function oneLine(query: string): string {
  return query.trim().replace(/\s*\n\s*/g, ' ');
}
