export type Format = 'table' | 'json' | 'csv' | 'markdown';
export const FORMATS: readonly Format[] = ['table', 'json', 'csv', 'markdown'];
export const renderRun = (run: unknown, _f: Format, _o: unknown): string => `${JSON.stringify(run, null, 1)}\n`;
export const renderLoad = (run: unknown, _o: unknown): string => `${JSON.stringify(run)}\n`;
export const renderGrid = (_h: readonly string[], rows: readonly (readonly string[])[], _o: unknown): string =>
  `${rows.map((r) => r.join('  ')).join('\n')}\n`;
