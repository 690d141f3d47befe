import type { CommandModule } from 'yargs';
import { currentCluster } from '../elastic/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { GlobalFlags, Run } from './context.ts';

export function statusCommand(run: Run): CommandModule {
  return {
    command: 'status',
    describe: 'Say which Elasticsearch is used; exit code 1 when none runs',
    builder: (args) => args.option('json', { type: 'boolean', describe: 'Print one JSON object' }),
    handler: (args) =>
      run(args as GlobalFlags, async ({ io, settings }) => {
        const cluster = await currentCluster(settings);
        const { url = null, version = null, kind = 'embedded', pid = null } = cluster ?? {};
        if (args['json']) await io.out(`${JSON.stringify({ url, version, kind, pid })}\n`);
        else if (cluster === undefined) await io.out('No embedded Elasticsearch runs: kaudit up starts it.\n');
        else await io.out(`Elasticsearch ${version} at ${url} (${kind}${pid === null ? '' : `, pid ${pid}`})\n`);
        return cluster === undefined ? EXIT.failed : EXIT.done;
      }),
  };
}
