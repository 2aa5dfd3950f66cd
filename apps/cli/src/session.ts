import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { SYSTEM_CLOCK, type Clock } from '#platform';
import type { Engine } from './engine/engine.js';
import { openEngine } from './engine/open-engine.js';
import type { ProgressStream } from './terminal/progress.js';

/** Where the engine is: said by every command that needs one. */
export interface EngineOptions {
  readonly dataDir: string;
  readonly url?: string;
  readonly key?: string;
}

/** What a command is given beside its options: the world outside, so that specs can give another. */
export interface Session {
  readonly clock: Clock;
  readonly stderr: ProgressStream;
  /** Aborted by Ctrl-C: the work under way ends cleanly. */
  readonly signal: AbortSignal;
}

/** Adds the options that find the engine. */
export function withEngineOptions(command: Command): Command {
  return command
    .addOption(new Option('--data-dir <folder>', 'data folder').env('DATA_DIR').default('./data'))
    .addOption(new Option('--url <url>', 'an engine elsewhere, instead of the data folder').env('PERENNIAL_URL'))
    .addOption(new Option('--key <key>', 'API key for --url').env('PERENNIAL_KEY'));
}

/** Opens the engine, does the work, and closes it whatever happens. */
export async function useEngine<T>(
  options: EngineOptions,
  session: Session,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine({ ...options, dataDir: resolve(options.dataDir) }, session);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** The session of a real process. The first Ctrl-C ends the work cleanly, a second one at once. */
export function processSession(): Session {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write('\nStopping after what is under way; once more stops at once.\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { clock: SYSTEM_CLOCK, stderr: process.stderr, signal: stop.signal };
}
