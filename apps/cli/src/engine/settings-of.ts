import { ConfigError, readConfig, type Config } from '#platform';
import { usage } from '../exit-codes.js';

/** The settings that an engine would have here: where its stores are, and the first policy of an empty log. */
export function settingsOf(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) throw usage(error.message);
    throw error;
  }
}
