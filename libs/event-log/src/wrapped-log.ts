import type { EventLog } from './port.js';

/** What is done around the calls of a log: each is given the call, and makes it. */
export interface Around {
  /** Around a call that is answered once. */
  answer<T>(call: () => Promise<T>, name: keyof EventLog): Promise<T>;
  /** Around a reading that is answered page by page. */
  pages?<T>(read: () => AsyncIterable<T>): AsyncIterable<T>;
}

type Kind = 'value' | 'answer' | 'pages' | 'as-it-is';

/** Every member of the port, so that none can be forgotten: a log that is wrapped answers as the log itself does. */
const KINDS = {
  counts: 'value',
  streamRead: 'value',
  received: 'value',
  append: 'answer',
  appendMany: 'answer',
  read: 'pages',
  readStreams: 'answer',
  readAll: 'pages',
  follow: 'pages',
  find: 'answer',
  head: 'answer',
  at: 'answer',
  identity: 'answer',
  becomeAnotherCopy: 'answer',
  positionAt: 'answer',
  close: 'as-it-is',
} as const satisfies Record<keyof EventLog, Kind>;

type Method = (...given: unknown[]) => unknown;

/** The same log with something done around its calls, which get everything that they are called with. Closing it is left alone. */
export function wrappedLog(log: EventLog, around: Around): EventLog {
  const members = Object.entries(KINDS) as [keyof EventLog, Kind][];
  const wrapped: Partial<Record<keyof EventLog, unknown>> = {};
  for (const [name, kind] of members) {
    if (kind === 'value') {
      // Absent where the log has none.
      if (log[name] !== undefined) wrapped[name] = log[name];
      continue;
    }
    const method: Method = (...given) => (log[name] as Method).apply(log, given);
    if (kind === 'answer')
      wrapped[name] = (...given: unknown[]) => around.answer(() => method(...given) as Promise<unknown>, name);
    else if (kind === 'pages' && around.pages !== undefined) {
      const { pages } = around;
      wrapped[name] = (...given: unknown[]) => pages(() => method(...given) as AsyncIterable<unknown>);
    } else wrapped[name] = method;
  }
  return wrapped as unknown as EventLog;
}
