import type { Cluster } from '../elastic/cluster.ts';
import type { Io } from '../shared/io.ts';
import type { Settings } from '../shared/settings.ts';

/** Flags that every command has. */
export interface GlobalFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What a command works with. */
export interface Context {
  readonly io: Io;
  readonly settings: Settings;
  /** Connects on first use; starts the embedded node where no cluster is named and none runs. */
  readonly cluster: () => Promise<Cluster>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs an action with a context made from the flags; its number becomes the exit code, its errors are explained. */
export type Run = (flags: GlobalFlags, action: (context: Context) => Promise<number>) => Promise<void>;
