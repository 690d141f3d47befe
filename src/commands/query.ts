import type { Argv, CommandModule } from 'yargs';
import { SEVERITIES } from '../query/index.ts';
import { FORMATS } from '../report/index.ts';
import type { GlobalFlags, Run } from './context.ts';
import { authorCommands } from './query-author-commands.ts';
import { type ExplainFlags, explainQuery } from './query-explain.ts';
import { listNoise, listPacks, listQueries } from './query-library.ts';
import { type RunFlags, runQueries } from './query-run.ts';
import { givenOnce, questionOptions, repeated, scopeOptions } from './query-scope.ts';
import { type ShowFlags, showQuery } from './query-show.ts';
import { testQueries } from './query-test.ts';

/** `kaudit query …`: the stored investigations. */
export function queryCommand(run: Run): CommandModule {
  return {
    command: 'query',
    describe: 'Stored investigations: run, list, show, explain, write your own',
    builder: (args) =>
      args
        .option('queries', {
          ...repeated,
          describe: 'A further folder of investigations; may be repeated',
          global: true,
        })
        .check(givenOnce)
        .command(listCommand(run))
        .command(packsCommand(run))
        .command(noiseCommand(run))
        .command(showCommand(run))
        .command(runCommand(run))
        .command(explainCommand(run))
        .command(testCommand(run))
        .command(authorCommands(run))
        .demandCommand(1, 'Name what to do, such as run --pack triage, list or show.'),
    handler: () => {},
  };
}

const json = { type: 'boolean', describe: 'Print JSON' } as const;

function chosenOptions<T>(args: Argv<T>): Argv<T> {
  return args
    .option('category', { type: 'string', describe: 'All of this folder' })
    .option('pack', { type: 'string', describe: 'All of this pack; kaudit query packs lists them' });
}

function listCommand(run: Run): CommandModule {
  return {
    command: 'list',
    describe: 'List the investigations',
    builder: (args) => chosenOptions(args.option('json', json)),
    handler: (args) => run(args as GlobalFlags, (context) => listQueries(context, args)),
  };
}

function packsCommand(run: Run): CommandModule {
  return {
    command: 'packs',
    describe: 'List the packs: investigations that are run together',
    builder: (args) => args.option('json', json),
    handler: (args) => run(args as GlobalFlags, (context) => listPacks(context, args)),
  };
}

function noiseCommand(run: Run): CommandModule {
  return {
    command: 'noise',
    describe: 'List the noise sets: who does a thing for a living',
    builder: (args) => args.option('json', json),
    handler: (args) => run(args as GlobalFlags, (context) => listNoise(context, args)),
  };
}

function showCommand(run: Run): CommandModule {
  return {
    command: 'show <id>',
    describe: 'Show one investigation, or what would be sent for it',
    builder: (args) =>
      scopeOptions(
        args
          .positional('id', { type: 'string', demandOption: true, describe: 'An id, or a file of your own' })
          .option('json', json)
          .option('dsl', { type: 'boolean', describe: 'Print the search that the server gets' })
          .option('curl', { type: 'boolean', describe: 'Print that search as a command for a shell' })
          .option('kibana', { type: 'boolean', describe: 'Print a link to its events in Discover (KIBANA_URL)' })
          .conflicts({ dsl: ['curl', 'kibana', 'json'], curl: ['kibana', 'json'], kibana: 'json' }),
      )
        .example('$0 query show secrets-read', 'its file and its parameters')
        .example('$0 query show secrets-read --curl --from now-1d', 'what is sent'),
    handler: (args) => run(args as GlobalFlags, (context) => showQuery(context, args as unknown as ShowFlags)),
  };
}

function runCommand(run: Run): CommandModule {
  return {
    command: 'run [ids..]',
    describe: 'Run investigations and print a summary',
    builder: (args) =>
      scopeOptions(
        chosenOptions(
          args
            .positional('ids', { describe: 'Investigations to run: ids, or files of your own' })
            .option('all', { type: 'boolean', describe: 'Run all of them' }),
        ),
      )
        .option('format', { choices: FORMATS, default: 'table' as const, describe: 'How to print' })
        .option('json', { type: 'boolean', describe: 'The same as --format json' })
        .option('limit', {
          type: 'number',
          describe: 'Groups to list of each investigation; default: as many as its file says',
        })
        .option('fail-on', {
          choices: SEVERITIES,
          requiresArg: true,
          describe: 'Exit code 4 on findings of this severity or above, 3 where it cannot tell',
        })
        .example('$0 query run --pack triage', 'ten minutes on a cluster that you do not know')
        .example('$0 query run --all --from now-24h', 'everything, of the last day')
        .example('$0 query run secrets-read --param exceptUsers=vault', 'one, with a parameter')
        .example('$0 query run ./my-question.yml', 'a file of your own'),
    handler: (args) => run(args as GlobalFlags, (context) => runQueries(context, args as unknown as RunFlags)),
  };
}

function explainCommand(run: Run): CommandModule {
  return {
    command: 'explain <id>',
    describe: 'Say, clause by clause, why an event is reported or not',
    builder: (args) =>
      questionOptions(
        args
          .positional('id', { type: 'string', demandOption: true, describe: 'An id, or a file of your own' })
          .option('event', {
            type: 'string',
            demandOption: true,
            describe: 'File with one event or a few, - for stdin; they are loaded into an index that is deleted again',
          })
          .option('json', json),
      ).example('$0 query explain secrets-read --event event.json', 'each clause, asked of the server'),
    handler: (args) => run(args as GlobalFlags, (context) => explainQuery(context, args as unknown as ExplainFlags)),
  };
}

function testCommand(run: Run): CommandModule {
  return {
    command: 'test [ids..]',
    describe: 'Run the scenarios of investigations through loader and server',
    builder: (args) =>
      chosenOptions(args.positional('ids', { describe: 'Ids or files; default all' }).option('json', json)),
    handler: (args) => run(args as GlobalFlags, (context) => testQueries(context, args)),
  };
}
