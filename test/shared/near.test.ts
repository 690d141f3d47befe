import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/shared/near.ts';

const known = ['secrets-deleted', 'secrets-read', 'triage', 'impact'];

describe('didYouMean', () => {
  it.each([
    ['a slip', 'triag', 'Did you mean triage?'],
    ['letters in another order', 'imapct', 'Did you mean impact?'],
    ['a slip before a word in common', 'secret-read', 'Did you mean secrets-read or secrets-deleted?'],
    ['a word in common', 'who-deleted-secrets', 'Did you mean secrets-deleted or secrets-read?'],
  ])('names what is near: %s', (_, typed, hint) => {
    expect(didYouMean(typed, known)).toBe(hint);
  });

  it('names nothing where nothing is near', () => {
    expect(didYouMean('nosuch', known)).toBeUndefined();
    expect(didYouMean('x', [])).toBeUndefined();
  });
});
