import type { EventLog } from './port.js';

/** The same log, which reports how long each append took, from the call to its outcome, in milliseconds. */
export function timedLog(log: EventLog, onCommit: (elapsedMs: number) => void): EventLog {
  const timed = async <T>(append: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await append();
    } finally {
      onCommit(performance.now() - begun);
    }
  };
  return {
    ...(log.counts === undefined ? {} : { counts: log.counts }),
    ...(log.streamRead === undefined ? {} : { streamRead: log.streamRead }),
    append: (stream, expected, events) => timed(() => log.append(stream, expected, events)),
    appendMany: (items, receipts, options) => timed(() => log.appendMany(items, receipts, options)),
    read: (stream, from, options) => log.read(stream, from, options),
    readStreams: (streams, options) => log.readStreams(streams, options),
    readAll: (after, options) => log.readAll(after, options),
    follow: (after, options) => log.follow(after, options),
    find: (ids) => log.find(ids),
    head: () => log.head(),
    at: (position) => log.at(position),
    identity: () => log.identity(),
    becomeAnotherCopy: () => log.becomeAnotherCopy(),
    positionAt: (knownAt) => log.positionAt(knownAt),
    close: () => log.close(),
  };
}
