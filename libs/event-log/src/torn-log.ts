import { EventLogError, type EventLog } from './port.js';

/**
 * The same log, which tells when a call met damage. Health is asked for the head alone, and a torn page elsewhere is met by the component that reads it: what was met once
 * is remembered until the process ends.
 */
export function watchingForDamage(log: EventLog, onTorn: (error: EventLogError) => void): EventLog {
  const noted = (error: unknown): unknown => {
    if (error instanceof EventLogError && error.code === 'torn') onTorn(error);
    return error;
  };
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw noted(error);
    }
  };
  const pages = async function* <T>(read: () => AsyncIterable<T>): AsyncGenerator<T, void> {
    try {
      yield* read();
    } catch (error) {
      throw noted(error);
    }
  };
  return {
    ...(log.counts === undefined ? {} : { counts: log.counts }),
    append: (stream, expected, events) => call(() => log.append(stream, expected, events)),
    appendMany: (items, receipts) => call(() => log.appendMany(items, receipts)),
    read: (stream, from, options) => pages(() => log.read(stream, from, options)),
    readStreams: (streams, options) => call(() => log.readStreams(streams, options)),
    readAll: (after, options) => pages(() => log.readAll(after, options)),
    follow: (after, options) => pages(() => log.follow(after, options)),
    find: (ids) => call(() => log.find(ids)),
    head: () => call(() => log.head()),
    at: (position) => call(() => log.at(position)),
    identity: () => call(() => log.identity()),
    becomeAnotherCopy: () => call(() => log.becomeAnotherCopy()),
    positionAt: (knownAt) => call(() => log.positionAt(knownAt)),
    close: () => log.close(),
  };
}
