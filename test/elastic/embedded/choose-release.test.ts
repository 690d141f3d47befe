import { describe, expect, it } from 'vitest';
import { chooseReleases, type Wish } from '../../../src/elastic/embedded/choose-release.ts';

function versions(wish: Partial<Wish>): readonly string[] {
  return chooseReleases({ asked: undefined, ofData: undefined, java: 25, ...wish }).map(({ version }) => version);
}

describe('choosing the version to run', () => {
  it.each([
    [25, ['9.5.3', '9.4.3', '8.19.21']],
    [21, ['9.5.3', '9.4.3', '8.19.21']],
    [20, ['8.19.21']],
    [17, ['8.19.21']],
  ])('Java %i runs %j, the first being tried first', (java, expected) => {
    expect(versions({ java })).toEqual(expected);
  });

  it('does as KAUDIT_ES_VERSION says, and nothing else', () => {
    expect(versions({ asked: '9.4.3' })).toEqual(['9.4.3']);
    expect(() => versions({ asked: '9.0.0' })).toThrow(
      'KAUDIT_ES_VERSION is "9.0.0", which kaudit has no checksum for',
    );
    expect(() => versions({ asked: '9.5.3', java: 17 })).toThrow('Elasticsearch 9.5.3 needs Java 21');
  });

  it('keeps to the version that wrote the data', () => {
    expect(versions({ ofData: '8.19.21' })).toEqual(['8.19.21']);
    expect(() => versions({ ofData: '9.5.3', java: 17 })).toThrow('Elasticsearch 9.5.3 needs Java 21');
    expect(() => versions({ ofData: '10.0.0' })).toThrow('this kaudit does not know');
  });

  it('lets data go forward and never back', () => {
    expect(versions({ ofData: '8.19.21', asked: '9.5.3' })).toEqual(['9.5.3']);
    expect(() => versions({ ofData: '9.5.3', asked: '8.19.21' })).toThrow('8.19.21 cannot read them');
    expect(() => versions({ ofData: '9.5.3', asked: '9.4.3' })).toThrow('9.4.3 cannot read them');
  });
});
