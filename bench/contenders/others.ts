/** Elastic's clients for Go and Python. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contender, jobVariables } from '../contender.ts';
import { exists, install, requireProgram } from './install.ts';

const SOURCES = join(import.meta.dirname, '../../peers');
const PYTHON_CLIENT = '8.19.3';

export const go: readonly Contender[] = [false, true].map((setsId) => {
  let program = '';
  return {
    name: `Go BulkIndexer${setsId ? ', id' : ''}`,
    about:
      'go-elasticsearch 8.19.7, documented defaults: 5 MB a request, as many in flight as cores; lines as they are',
    setsId,
    prepare: async (scratch) => {
      await requireProgram('go');
      const folder = join(scratch, 'bulk-indexer');
      await cp(join(SOURCES, 'bulk-indexer'), folder, { recursive: true });
      program = join(folder, 'bulk-indexer');
      await install('Go BulkIndexer', ['go', 'build', '-o', program, '.'], folder);
    },
    command: async (job) => ({ argv: [program], env: { ...jobVariables(job), BENCH_ID: setsId ? '1' : '0' } }),
  };
});

export const python: readonly Contender[] = (['streaming', 'parallel'] as const).map((helper) => {
  let interpreter = '';
  return {
    name: `Python ${helper}_bulk, id`,
    about: `elasticsearch-py ${PYTHON_CLIENT}, documented defaults: 500 documents a request, ${helper === 'parallel' ? '4 threads' : '1 in flight'}`,
    setsId: true,
    prepare: async (scratch) => {
      const folder = join(scratch, 'python');
      interpreter = join(folder, 'bin/python');
      if (await exists(join(folder, 'ready'))) return;
      await install('Python', [await requireProgram('python3'), '-m', 'venv', folder], scratch);
      const wanted = `elasticsearch==${PYTHON_CLIENT}`;
      await install('elasticsearch-py', [interpreter, '-m', 'pip', 'install', '--quiet', wanted], scratch);
      await install('Python', ['touch', join(folder, 'ready')], scratch);
    },
    command: async (job) => ({
      argv: [interpreter, join(SOURCES, 'bulk.py'), helper],
      env: { ...jobVariables(job), BENCH_ID: '1' },
    }),
  };
});
