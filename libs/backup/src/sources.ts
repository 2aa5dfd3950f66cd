import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '#event-log';
import type { EngineKeys } from '#keys';
import type { Config } from '#platform';
import type { NotCovered } from './manifest.js';

/** The log's file, and which log it is. */
export interface LogSource {
  readonly file: string;
  readonly logId: string;
  readonly copyId: string;
}

/** The embedded key store. */
export interface KeysSource {
  readonly hashKeyCheck: string;
  copyTo(file: string): Promise<void>;
}

/** What a backup is made of: the stores in the data folder, and what it says of the others. */
export interface BackupSources {
  readonly dataDir: string;
  readonly log: LogSource | null;
  readonly keys: KeysSource | null;
  readonly notCovered: readonly NotCovered[];
}

type StoresConfig = Pick<Config, 'dataDir' | 'eventLog' | 'keysUrl' | 'postgresUrl' | 'hashKey'>;

/** Whether anything of these stores can be backed up by files. */
export const coversAnything = ({ eventLog, keysUrl }: Pick<Config, 'eventLog' | 'keysUrl'>): boolean =>
  eventLog.kind === 'sqlite' || keysUrl === null;

/** The sources of the engine that these settings describe, with its open log and keys. */
export async function backupSources(
  config: StoresConfig,
  log: Pick<EventLog, 'identity'>,
  keys: Pick<EngineKeys, 'hashKeyCheck'> & Partial<Pick<KeysSource, 'copyTo'>>,
): Promise<BackupSources> {
  const { dataDir, eventLog } = config;
  return {
    dataDir,
    log: eventLog.kind === 'sqlite' ? { file: join(dataDir, 'log.db'), ...(await log.identity()) } : null,
    keys:
      keys.copyTo === undefined
        ? null
        : { hashKeyCheck: keys.hashKeyCheck, copyTo: (file) => keys.copyTo?.(file) ?? Promise.resolve() },
    notCovered: notCovered(config),
  };
}

/** What a backup does not hold, and what the operator does about it. */
export function notCovered({ dataDir, eventLog, keysUrl, postgresUrl, hashKey }: StoresConfig): readonly NotCovered[] {
  const onServer = postgresUrl !== null || existsSync(join(dataDir, 'readmodels'));
  return [
    ...(eventLog.kind === 'eventstore'
      ? [
          {
            store: 'event log',
            detail:
              'It is on an EventStoreDB. Use the backup of that server, and make it before this one; or copy the log into a file: perennial move --to sqlite:FOLDER.',
          },
        ]
      : []),
    ...(keysUrl === null
      ? []
      : [
          {
            store: 'keys',
            detail: 'They are on PostgreSQL. Use pg_dump on that database after this command has ended, never before.',
          },
        ]),
    ...(hashKey === null
      ? []
      : [
          {
            store: 'hash key',
            detail:
              'HASH_KEY keeps it apart. Keep a copy of it at another place: without it the backup cannot be used.',
          },
        ]),
    ...(onServer
      ? [
          {
            store: 'read models',
            detail:
              'They are derived from the log: the first start after a restore builds them again. Pending webhook messages and dead letters are not kept.',
          },
        ]
      : []),
  ];
}
