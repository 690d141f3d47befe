import type { CommandModule } from 'yargs';
import { startEmbedded } from '../elastic/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { GlobalFlags, Run } from './context.ts';

export function upCommand(run: Run): CommandModule {
  return {
    command: 'up',
    describe: 'Start the embedded Elasticsearch, downloading it the first time',
    builder: (args) =>
      args.option('fresh', { type: 'boolean', describe: 'Delete its data first: all events that were loaded into it' }),
    handler: (args) =>
      run(args as GlobalFlags, async ({ io, settings, signal }) => {
        const fresh = args['fresh'] === true;
        const node = await startEmbedded({ settings, fresh, say: io.say, progress: io.progress, signal });
        await io.out(`Elasticsearch ${node.version} runs at ${node.url} (pid ${node.pid}).\n`);
        io.say('kaudit api sends requests to it; kaudit down stops it and keeps the data.');
        if (settings.get('ELASTICSEARCH_URL') !== undefined) {
          io.say('Note: ELASTICSEARCH_URL is set, so the other commands use that cluster and not this node.');
        }
        return EXIT.done;
      }),
  };
}
