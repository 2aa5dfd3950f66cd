import { describe, expect, it } from '@jest/globals';
import type { EventLog } from './port.js';
import { timedLog } from './timed-log.js';
import { watchingForDamage } from './torn-log.js';

/** Every member of the port: a method with what it is called with, or a value. A member that is added to the port is missing here until it is listed. */
const MEMBERS = {
  counts: 'bytes',
  streamRead: 'round-trip',
  received: { received: 1, distinct: 1 },
  append: ['stream', 'any', []],
  appendMany: [[], [], { positions: 'not-below' }],
  read: ['stream', 3, { pageSize: 7 }],
  readStreams: [['stream'], { upTo: 9, after: 2 }],
  readAll: [4, { pageSize: 7 }],
  follow: [4, { signal: new AbortController().signal }],
  find: [[{ source: 's', id: '1' }]],
  head: [],
  at: [5],
  identity: [],
  becomeAnotherCopy: [],
  positionAt: [6],
  close: [],
} satisfies Record<keyof EventLog, unknown>;

const isPages = (name: string): boolean => ['read', 'readAll', 'follow'].includes(name);

/** A log that notes each call, and answers with the name of the method. */
function noting(calls: [string, ...unknown[]][]): EventLog {
  const log: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(MEMBERS)) {
    if (!Array.isArray(member)) log[name] = member;
    else if (isPages(name))
      log[name] = async function* (...given: unknown[]) {
        calls.push([name, ...given]);
        yield name;
      };
    else
      log[name] = async (...given: unknown[]) => {
        calls.push([name, ...given]);
        return name;
      };
  }
  return log as unknown as EventLog;
}

describe.each([
  ['a log that is watched for damage', (log: EventLog) => watchingForDamage(log, () => undefined)],
  ['a log that is timed', (log: EventLog) => timedLog(log, () => undefined)],
])('%s', (_, wrap) => {
  it.each(Object.entries(MEMBERS))(
    'gives on %s as it is, with everything that it is called with',
    async (name, member) => {
      const calls: [string, ...unknown[]][] = [];
      const wrapped = wrap(noting(calls)) as unknown as Record<string, unknown>;
      if (!Array.isArray(member)) return expect(wrapped[name]).toBe(member);
      const answer = (wrapped[name] as (...given: unknown[]) => unknown)(...(member as unknown[]));
      if (isPages(name)) for await (const page of answer as AsyncIterable<unknown>) expect(page).toBe(name);
      else expect(await answer).toBe(name);
      expect(calls).toEqual([[name, ...(member as unknown[])]]);
    },
  );
});
