import { ConfigError, readConfig, readEngineFile, type Config } from '#platform';
import { usage } from '../exit-codes.js';
import type { EngineOptions, Session } from '../session.js';
import type { Engine } from './engine.js';
import { openLocalEngine } from './open-local-engine.js';
import { RemoteEngine } from './remote-engine.js';

/**
 * The engine that the options name: the one at `--url`; else the one that is running on the data folder; else the data folder itself, opened
 * in this process until the command ends.
 */
export async function openEngine({ dataDir, url, key }: EngineOptions, { clock }: Session): Promise<Engine> {
  if (url !== undefined) {
    if (!URL.canParse(url)) throw usage(`--url must be an address (got ${url}): write http://127.0.0.1:3000.`);
    return new RemoteEngine(url, key ?? null);
  }
  const running = readEngineFile(dataDir);
  if (running !== null) return new RemoteEngine(running.url, running.token);
  return openLocalEngine({ ...settings(), dataDir }, clock);
}

/** The settings that an engine would have here: where its stores are, and the first policy of an empty log. */
function settings(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) throw usage(error.message);
    throw error;
  }
}
