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
    // To read all of src anew for each file took half of the time of the unit tests, and no file needs it: what src keeps
    // between two calls are memos.
    isolate: false,
    unstubEnvs: true,
    ...(report !== undefined && { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
