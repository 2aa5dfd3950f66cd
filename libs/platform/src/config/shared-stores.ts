import { pointerTo, type ValidationIssue } from '#contracts';
import { ConfigError, type Config } from './config.js';

/**
 * Rejects embedded stores in a process that is one of several. An embedded store has one owner: a second process that opened it would lose
 * what the first had written.
 *
 * @throws ConfigError with an issue for every store that is embedded
 */
export function requireSharedStores(config: Config, app: string): void {
  const issues: ValidationIssue[] = [];
  const reject = (name: string, what: string, hint: string): void => {
    issues.push({
      pointer: pointerTo(name),
      detail: `names an embedded store, and ${app} is one process of several, which cannot share ${what}`,
      hint: `${hint}, or run everything in one process (npm start)`,
    });
  };
  if (config.eventLog.kind === 'sqlite') reject('EVENT_LOG', 'a file', 'give the esdb:// address of an EventStoreDB');
  if (config.postgresUrl === null)
    reject('POSTGRES_URL', 'embedded read models', 'give the postgres:// address of a database');
  if (config.keysUrl === null) reject('KEYS_URL', 'a file of keys', 'give the postgres:// address of a database');
  if (issues.length > 0) throw new ConfigError(issues);
}
