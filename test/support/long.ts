/** `npm run test:long` repeats more often, and starts servers of its own; `npm test` takes a selection. */
export const isLong = process.env['KAUDIT_LONG'] === '1';

/** How often to do a thing. */
export function times(quick: number, long: number): number {
  return isLong ? long : quick;
}
