import type { EventLog } from '#event-log';

/** How often what was read of a log. */
export interface Reads {
  /** Readings of the whole log from its start on. */
  whole: number;
  /** Streams that were read. */
  streams: number;
}

/** The same log, as if it were on a server: reading a stream costs a round trip. Counts what is read. */
export function farLog(log: EventLog, reads: Reads = { whole: 0, streams: 0 }): EventLog & { readonly reads: Reads } {
  const far: Partial<EventLog> & { reads: Reads } = {
    reads,
    streamRead: 'round-trip',
    readStreams: (streams, options) => {
      reads.streams += streams.length;
      return log.readStreams(streams, options);
    },
    readAll: (after, options) => {
      if (after === 0) reads.whole += 1;
      return log.readAll(after, options);
    },
  };
  return new Proxy(log, {
    get(target, name) {
      if (name in far) return far[name as keyof typeof far];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  }) as EventLog & { readonly reads: Reads };
}
