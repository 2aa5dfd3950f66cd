import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { TypeContracts } from '../types/type-contracts.js';
import { followSources } from './follow-sources.js';
import { ChangeSource, ManageSources, RegisterSource, SetSourceStatus } from './manage-sources.js';
import { Sources } from './sources.js';

const BY = 'key:5f0c3a9b1d2e';
/** Instead of a second. */
const POLL_MS = 2;

describe('the sources of a process', () => {
  let log: EventLog;
  let own: Sources;
  /** Another process on the same log. */
  let elsewhere: ManageSources;
  let following: { stop(): Promise<void> };
  beforeEach(() => {
    log = memoryLog();
    own = new Sources();
    elsewhere = new ManageSources(log, new Sources(), new TypeContracts(), { now: () => 1_000 });
    following = followSources(log, own, POLL_MS);
  });
  afterEach(async () => {
    await following.stop();
  });

  /** Waits until something holds; the suite's timeout ends what never does. */
  const until = async (holds: () => boolean) => {
    while (!holds()) await sleep(POLL_MS);
  };

  it('follow what other processes record: registered, changed, paused and resumed', async () => {
    expect(own.of('shop')).toBeNull();
    await elsewhere.register(new RegisterSource({ name: 'shop', kind: 'api', types: ['order-placed'] }, BY));
    await until(() => own.of('shop') !== null);
    expect(own.of('shop')?.types?.has('order-placed')).toBe(true);
    await elsewhere.change(new ChangeSource('shop', { types: ['site-visited'], brand: 'Alpine' }, BY));
    await elsewhere.setStatus(new SetSourceStatus('shop', 'paused', BY));
    await until(() => own.of('shop')?.status === 'paused');
    expect(own.of('shop')).toMatchObject({ settings: { brand: 'Alpine' } });
    expect(own.of('shop')?.types?.has('order-placed')).toBe(false);
    await elsewhere.setStatus(new SetSourceStatus('shop', 'active', BY));
    await until(() => own.of('shop')?.status === 'active');
  });

  it('are those of before while the log cannot be read, and follow again as soon as it can', async () => {
    await elsewhere.register(new RegisterSource({ name: 'shop', kind: 'api' }, BY));
    await until(() => own.of('shop') !== null);
    const reading = jest.spyOn(log, 'read').mockImplementation(() => {
      throw new Error('The log is away.');
    });
    await until(() => reading.mock.calls.length >= 3);
    expect(own.of('shop')).not.toBeNull();
    reading.mockRestore();
    await elsewhere.register(new RegisterSource({ name: 'app', kind: 'api' }, BY));
    await until(() => own.of('app') !== null);
  });

  it('are read again only where something was recorded, and no longer once they are not followed', async () => {
    await elsewhere.register(new RegisterSource({ name: 'shop', kind: 'api' }, BY));
    await until(() => own.of('shop') !== null);
    const [replaced, reading] = [jest.spyOn(own, 'replace'), jest.spyOn(log, 'read')];
    await until(() => reading.mock.calls.length >= 5);
    expect(replaced).not.toHaveBeenCalled();
    await following.stop();
    const stopped = reading.mock.calls.length;
    await elsewhere.register(new RegisterSource({ name: 'app', kind: 'api' }, BY));
    const afterwards = reading.mock.calls.length;
    await sleep(10 * POLL_MS);
    expect([afterwards >= stopped, reading.mock.calls.length]).toEqual([true, afterwards]);
    expect([replaced.mock.calls.length, own.of('app')]).toEqual([0, null]);
  });
});
