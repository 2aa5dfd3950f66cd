import type { ValidationIssue } from '#contracts';
import { ConfigError, type Config } from './config.js';

/**
 * What one process of several needs: stores that several may open. The embedded ones have one owner each, and a second
 * process that opened them would lose what the first had written.
 *
 * @throws ConfigError that names every store which is embedded
 */
export function requireSharedStores(config: Config, app: string): void {
  const problems: ValidationIssue[] = [];
  const embedded = (name: string, what: string, hint: string): void => {
    problems.push({
      pointer: name,
      detail: `names an embedded store, and ${app} is one process of several, which cannot share ${what}`,
      hint: `${hint}, or run everything in one process (npm start)`,
    });
  };
  if (config.eventLog.kind === 'sqlite') embedded('EVENT_LOG', 'a file', 'give the esdb:// address of an EventStoreDB');
  if (config.postgresUrl === null)
    embedded('POSTGRES_URL', 'embedded read models', 'give the postgres:// address of a database');
  if (config.keysUrl === null) embedded('KEYS_URL', 'a file of keys', 'give the postgres:// address of a database');
  if (problems.length > 0) throw new ConfigError(problems);
}
