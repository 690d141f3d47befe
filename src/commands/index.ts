import type { CommandModule } from 'yargs';
import type { Run } from './context.ts';

type Command = (run: Run) => CommandModule;

/** What each command needs is read when it is called for: all of it together is half a second, and memory for nothing. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  load: async () => (await import('./load.ts')).loadCommand,
  replay: async () => (await import('./replay.ts')).replayCommand,
  query: async () => (await import('./query.ts')).queryCommand,
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  setup: async () => (await import('./setup.ts')).setupCommand,
  up: async () => (await import('./up.ts')).upCommand,
  down: async () => (await import('./down.ts')).downCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  api: async () => (await import('./api.ts')).apiCommand,
  quickstart: async () => (await import('./quickstart.ts')).quickstartCommand,
};

/** The command that the arguments begin with; all, where they begin with none. */
export async function commandsFor(args: readonly string[]): Promise<readonly Command[]> {
  const first = args.find((arg) => !arg.startsWith('-'));
  const only = first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return await Promise.all((only === undefined ? Object.values(COMMANDS) : [only]).map((read) => read()));
}
