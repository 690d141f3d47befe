import type { CommandModule } from 'yargs';
import type { GlobalFlags, Run } from './context.ts';
import {
  type ExportFlags,
  exportQuery,
  type ImportFlags,
  importQuery,
  type NewFlags,
  newQuery,
} from './query-author.ts';
import { scopeOptions } from './query-scope.ts';
import { validateQueries } from './query-validate.ts';

/** The commands for those who write investigations. */
export function authorCommands(run: Run): CommandModule[] {
  return [newCommand(run), validateCommand(run), importCommand(run), exportCommand(run)];
}

const folder = { type: 'string', default: '.', describe: 'Folder to write the file into' } as const;

function newCommand(run: Run): CommandModule {
  return {
    command: 'new <id>',
    describe: 'Write a commented investigation to start from',
    builder: (args) =>
      args
        .positional('id', { type: 'string', demandOption: true, describe: 'Its name, such as configmaps-deleted' })
        .option('folder', folder),
    handler: (args) => run(args as GlobalFlags, (context) => newQuery(context, args as unknown as NewFlags)),
  };
}

function validateCommand(run: Run): CommandModule {
  return {
    command: 'validate [files..]',
    describe: 'Check files: schema, fields, KQL, and all of them together',
    builder: (args) =>
      args
        .positional('files', { describe: 'Files, or folders of them; default: all that are known' })
        .option('server', { type: 'boolean', describe: 'Let the server check the KQL, too' }),
    handler: (args) => run(args as GlobalFlags, (context) => validateQueries(context, args)),
  };
}

function importCommand(run: Run): CommandModule {
  return {
    command: 'import <format> <file>',
    describe: 'Write a Sigma rule as an investigation, its scenarios left to fill',
    builder: (args) =>
      args
        .positional('format', { choices: ['sigma'] as const, demandOption: true, describe: 'What the file is' })
        .positional('file', { type: 'string', demandOption: true, describe: 'A rule about the Kubernetes audit log' })
        .option('folder', folder),
    handler: (args) => run(args as GlobalFlags, (context) => importQuery(context, args as unknown as ImportFlags)),
  };
}

function exportCommand(run: Run): CommandModule {
  return {
    command: 'export <format> <id>',
    describe: "Print an investigation as a Sigma rule or a rule of Elastic's",
    builder: (args) =>
      scopeOptions(
        args
          .positional('format', {
            choices: ['sigma', 'elastic-rule'] as const,
            demandOption: true,
            describe: 'elastic-rule: a line for the import of the detection engine',
          })
          .positional('id', { type: 'string', demandOption: true, describe: 'An id, or a file of your own' }),
      ),
    handler: (args) => run(args as GlobalFlags, (context) => exportQuery(context, args as unknown as ExportFlags)),
  };
}
