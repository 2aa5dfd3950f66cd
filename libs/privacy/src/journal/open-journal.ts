import { isAbsolute, relative } from 'node:path';
import { ConfigError, openChannels, type Config } from '#platform';
import type { ErasureJournal } from './erasure-journal.js';
import { FileJournal } from './file-journal.js';
import { TopicJournal } from './topic-journal.js';

interface JournalLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** The part of the settings that says where the journal is. */
export type JournalConfig = Pick<Config, 'erasureJournal' | 'dataDir' | 'kafkaBrokers' | 'kafkaTls' | 'kafkaSasl'>;

/**
 * The journal that the settings name; null where they name none.
 * @throws ConfigError where it could not outlive the data folder, JournalError where it cannot be opened
 */
export async function openErasureJournal(config: JournalConfig, logger: JournalLogger): Promise<ErasureJournal | null> {
  const { erasureJournal: place, dataDir, kafkaBrokers } = config;
  if (place === null) return null;
  if (place.kind === 'file') {
    if (isInside(place.file, dataDir))
      throw wrong(
        'names a file in DATA_DIR, which is lost and restored together with it',
        'give a file on another disk',
      );
    return FileJournal.open(place.file);
  }
  const channels = await openChannels(config, logger);
  if (channels === null || kafkaBrokers === null)
    throw wrong('names a topic, and KAFKA_BROKERS names no broker', 'give KAFKA_BROKERS, or the path of a file');
  return TopicJournal.open(channels, place.topic);
}

const wrong = (detail: string, hint: string): ConfigError =>
  new ConfigError([{ pointer: '#/ERASURE_JOURNAL', detail, hint }]);

function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}
