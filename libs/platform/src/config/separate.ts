import { ConfigError, type Config, type ConfigProblem } from './config.js';

/**
 * What one process of several needs: stores that several may open. The embedded ones have one owner each, and a second
 * process that opened them would lose what the first had written.
 *
 * @throws ConfigError that names every store which is embedded
 */
export function requireSharedStores(config: Config, app: string): void {
  const problems: ConfigProblem[] = [];
  const embedded = (name: string, what: string, mend: string): void => {
    problems.push({
      name,
      reason: `names an embedded store, and ${app} is one process of several, which cannot share ${what}`,
      mend: `${mend}, or run everything in one process (npm start)`,
    });
  };
  if (config.eventLog.kind === 'sqlite') embedded('EVENT_LOG', 'a file', 'give the esdb:// address of an EventStoreDB');
  if (config.postgresUrl === null)
    embedded('POSTGRES_URL', 'embedded read models', 'give the postgres:// address of a database');
  if (config.keysUrl === null) embedded('KEYS_URL', 'a file of keys', 'give the postgres:// address of a database');
  if (problems.length > 0) throw new ConfigError(problems);
}
