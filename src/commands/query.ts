import type { Argv, CommandModule } from 'yargs';
import { SEVERITIES } from '../query/index.ts';
import { FORMATS } from '../report/index.ts';
import type { GlobalFlags, Run } from './context.ts';
import { listQueries, showQuery } from './query-library.ts';
import { type RunFlags, runQueries } from './query-run.ts';
import { testQueries } from './query-test.ts';
import { validateQueries } from './query-validate.ts';

/** `kaudit query …`: the stored investigations. */
export function queryCommand(run: Run): CommandModule {
  return {
    command: 'query',
    describe: 'Stored investigations: list, show, run, validate, test',
    builder: (args) =>
      args
        .option('queries', {
          ...repeated,
          describe: 'A further folder of investigations; may be repeated',
          global: true,
        })
        .command(listCommand(run))
        .command(showCommand(run))
        .command(runCommand(run))
        .command(validateCommand(run))
        .command(testCommand(run))
        .demandCommand(1, 'Name what to do: list, show, run, validate or test.'),
    handler: () => {},
  };
}

const json = { type: 'boolean', describe: 'Print JSON' } as const;
/** One value each time: an array would also take the ids that follow it. */
const repeated = { type: 'string', array: true, nargs: 1 } as const;

function ids(args: Argv, describe: string): Argv {
  return args.positional('ids', { describe });
}

function listCommand(run: Run): CommandModule {
  return {
    command: 'list',
    describe: 'List the investigations',
    builder: (args) => args.option('json', json).option('category', { type: 'string', describe: 'Only this folder' }),
    handler: (args) => run(args as GlobalFlags, (context) => listQueries(context, args)),
  };
}

function showCommand(run: Run): CommandModule {
  return {
    command: 'show <id>',
    describe: 'Show one investigation: its file, its definition or its search',
    builder: (args) =>
      args
        .positional('id', { type: 'string', demandOption: true })
        .option('json', json)
        .option('dsl', { type: 'boolean', describe: 'Print the search that the server gets' }),
    handler: (args) => run(args as GlobalFlags, (context) => showQuery(context, args)),
  };
}

function runCommand(run: Run): CommandModule {
  return {
    command: 'run [ids..]',
    describe: 'Run investigations and print a summary',
    builder: (args) =>
      ids(args, 'Investigations to run')
        .option('all', { type: 'boolean', describe: 'Run all of them' })
        .option('category', { type: 'string', describe: 'Run all of a folder' })
        .option('from', { type: 'string', describe: 'Begin of the window: ISO time or now-24h; default all data' })
        .option('to', { type: 'string', describe: 'End of the window, not included' })
        .option('cluster', { type: 'string', describe: 'Only events of this Kubernetes cluster' })
        .option('namespace', { type: 'string', default: 'default', describe: 'Namespace of the index' })
        .option('param', { ...repeated, describe: 'name=value of a parameter; may be repeated' })
        .option('noise', { type: 'boolean', default: true, describe: 'Hide noise sets; --no-noise shows all' })
        .option('format', { choices: FORMATS, default: 'table' as const, describe: 'How to print' })
        .option('json', { type: 'boolean', describe: 'The same as --format json' })
        .option('fail-on', {
          choices: SEVERITIES,
          describe: 'Exit code 4 on findings of this severity or above, 3 where it cannot tell',
        })
        .example('$0 query run --all --from now-24h', 'everything, of the last day')
        .example('$0 query run secrets-read --param exceptUsers=vault', 'one, with a parameter'),
    handler: (args) => run(args as GlobalFlags, (context) => runQueries(context, args as unknown as RunFlags)),
  };
}

function validateCommand(run: Run): CommandModule {
  return {
    command: 'validate [files..]',
    describe: 'Check files of investigations against schema and mapping',
    builder: (args) =>
      args
        .positional('files', { describe: 'Default: all that are known' })
        .option('server', { type: 'boolean', describe: 'Let the server check the KQL, too' }),
    handler: (args) => run(args as GlobalFlags, (context) => validateQueries(context, args)),
  };
}

function testCommand(run: Run): CommandModule {
  return {
    command: 'test [ids..]',
    describe: 'Run the scenarios of investigations through loader and server',
    builder: (args) => ids(args, 'Investigations to test; default all').option('json', json),
    handler: (args) => run(args as GlobalFlags, (context) => testQueries(context, args)),
  };
}
