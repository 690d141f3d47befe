import { defineConfig } from 'vitest/config';

const report = process.env['KAUDIT_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/elasticsearch.ts'],
    // A real server answers: a first search of an index is not fast on a shared machine.
    testTimeout: 60_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
    ...(report !== undefined && { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
