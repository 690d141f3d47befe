import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../src/elastic/index.ts';
import { fieldTypes, readLibrary, SHIPPED } from '../../src/query/index.ts';
import { legendOf } from '../../src/query/kinds/legend.ts';

const { investigations } = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));

function legend(id: string): ReturnType<typeof legendOf> {
  const found = investigations.find(({ definition }) => definition.id === id);
  return found && legendOf(found.definition);
}

describe('the legend of what a kind adds to its groups', () => {
  it('says how long the span of a peak is, and what weighs more', () => {
    expect(legend('bulk-deletion')?.['peak']).toMatch(
      /^the most requests within 10m, where one that matches \(.*verb: deletecollection.*\) counts as \d+; it begins at peakFrom$/,
    );
  });

  it('says what is counted by its values', () => {
    expect(legend('secret-read-burst')?.['peak']).toMatch(/^the most different values of \S+ within \w+; it begins/);
  });

  it('says what is usual', () => {
    expect(legend('error-spike')?.['usual']).toMatch(/^how many there are in \w+ on average, in the \w+ before$/);
  });

  it('is of no other kind', () => {
    expect(legend('secrets-read')).toBeUndefined();
  });
});
