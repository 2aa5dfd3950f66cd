import { describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { EventLogError, type EventLog } from './port.js';
import { watchingForDamage } from './torn-log.js';

describe('a log that is watched for damage', () => {
  const torn = new EventLogError('torn', 'The event log is torn.');
  const failing = (error: Error): EventLog =>
    Object.assign(memoryLog(), {
      readStreams: async () => Promise.reject(error),

      readAll: async function* () {
        throw error;
      },
    });

  it('tells of the damage that any call meets, and gives the error on', async () => {
    const met: EventLogError[] = [];
    const log = watchingForDamage(failing(torn), (error) => met.push(error));
    await expect(log.readStreams(['s'])).rejects.toBe(torn);
    const pages = log.readAll(0)[Symbol.asyncIterator]();
    await expect(pages.next()).rejects.toBe(torn);
    expect(met).toEqual([torn, torn]);
    expect((await log.head()).position).toBe(0);
  });

  it('says nothing of a log that cannot be reached', async () => {
    const met: EventLogError[] = [];
    const away = new EventLogError('unavailable', 'It does not answer.');
    const log = watchingForDamage(failing(away), (error) => met.push(error));
    await expect(log.readStreams(['s'])).rejects.toBe(away);
    expect(met).toEqual([]);
  });
});
