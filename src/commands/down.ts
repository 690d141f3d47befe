import type { CommandModule } from 'yargs';
import { stopEmbedded } from '../elastic/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { GlobalFlags, Run } from './context.ts';

export function downCommand(run: Run): CommandModule {
  return {
    command: 'down',
    describe: 'Stop the embedded Elasticsearch; its data stays',
    handler: (args) =>
      run(args as GlobalFlags, async ({ io, settings }) => {
        const stopped = await stopEmbedded(settings);
        await io.out(stopped === undefined ? 'No embedded Elasticsearch runs.\n' : `Stopped (pid ${stopped.pid}).\n`);
        return EXIT.done;
      }),
  };
}
