import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ActRequested, SYSTEM_CLOCK, type Clock } from '#platform/basics';
import type { Engine } from './engine/engine.js';
import { openEngine } from './engine/open-engine.js';
import { CliError, EXIT } from './exit-codes.js';
import type { ProgressStream } from './terminal/progress.js';

/** How to find the engine: options of every command that needs one. */
export interface EngineOptions {
  readonly dataDir: string;
  readonly url?: string;
  readonly key?: string;
}

/** What a command depends on beside its options; specs give their own. */
export interface Session {
  readonly clock: Clock;
  readonly stderr: ProgressStream;
  /** Aborted by Ctrl-C: the command then ends in an orderly way. */
  readonly signal: AbortSignal;
}

/** Adds the options that find the engine, after the command's own. */
export function withEngineOptions(command: Command): Command {
  const options = [
    new Option('--data-dir <folder>', 'data folder').env('DATA_DIR').default('./data'),
    new Option('--url <url>', 'address of a running engine, instead of a data folder').env('PERENNIAL_URL'),
    new Option('--key <key>', 'API key for --url, instead of a login').env('PERENNIAL_KEY'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Engine:'));
  return command;
}

/** For a command that begins a log where there is none. */
export const CREATES = { creates: true } as const;

/** Opens the engine, runs the work on it, and closes it in any case. Only a command that writes `creates` a log where there is none. */
export async function useEngine<T>(
  options: EngineOptions,
  session: Session,
  work: (engine: Engine) => Promise<T>,
  { creates = false }: { readonly creates?: boolean } = {},
): Promise<T> {
  const engine = await openEngine({ ...options, dataDir: resolve(options.dataDir) }, session, creates);
  try {
    return await work(engine).catch(showRequested);
  } finally {
    await engine.close();
  }
}

/** What the policy puts under four eyes was requested, and is not done. A key that was asked for is shown now: it is valid once it was approved. */
export function showRequested(error: unknown): never {
  if (!(error instanceof ActRequested)) throw error;
  const { actId, act, until, key } = error.waiting;
  if (key !== undefined) process.stdout.write(`${key}\n`);
  throw new CliError(
    EXIT.requested,
    `The policy wants another principal to approve this (${act}): it waits as ${actId} until ${until}.${key === undefined ? '' : ' The key is valid once it was approved; it is shown only this once.'} ` +
      `Another one approves it: perennial acts approve ${actId} --url URL --key KEY`,
  );
}

/** The session of a real process. The first Ctrl-C ends the command in an orderly way, a second one at once. */
export function processSession(): Session {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write('\nStopping after the current batch; press Ctrl-C again to stop at once.\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { clock: SYSTEM_CLOCK, stderr: process.stderr, signal: stop.signal };
}
