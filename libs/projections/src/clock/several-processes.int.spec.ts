import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { DAY, HOUR, MINUTE, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { ClockGuard } from '#platform';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../processor/projector.js';
import { SILENT } from '../processor/projector-logger.js';
import { appendAll, day, order } from '../testdata/touchpoints.js';
import { ClockWatch } from './clock-watch.js';

const START = day(10);

/** Each process watches the clock of its own machine; what operators confirm stands in the database that they share. */
describeOnEachStore('the clocks of several processes', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let recordedAt: Instant;

  beforeAll(async () => {
    store = await openStore(name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    recordedAt = START;
    log = memoryLog({ clock: { now: () => recordedAt } });
    await records('1');
  });

  /** An event is recorded and indexed by the clock that says `recordedAt`. */
  const records = async (id: string): Promise<void> => {
    await appendAll(log, [order({ userId: 'ann' }, START - HOUR, id)]);
    const projector = await Projector.open({ database: store.database, log, clock: { now: () => recordedAt } });
    await projector.catchUp();
    await projector.stop();
  };

  const startProcess = async (wall = START, hasLog = true) => {
    const time = { wall, elapsed: 0 };
    const guard = new ClockGuard({ now: () => time.wall, elapsed: () => time.elapsed });
    const watch = new ClockWatch({ guard, database: store.database, log: hasLog ? log : null, logger: SILENT });
    await watch.refresh();
    const passes = async (ms: number): Promise<void> => {
      time.wall += ms;
      time.elapsed += ms;
      await watch.refresh();
    };
    const state = async () => {
      await watch.refresh();
      return { state: watch.report().state, mayPublish: guard.mayPublish };
    };
    return { time, guard, watch, passes, state };
  };

  it('stop only the process whose clock was set; a confirmation of another clock does not let it go on', async () => {
    const [relay, projector] = [await startProcess(START, false), await startProcess()];
    projector.time.wall += 400 * DAY;
    expect(await projector.state()).toEqual({ state: 'jumped', mayPublish: false });
    expect(await relay.state()).toEqual({ state: 'right', mayPublish: true });
    await relay.watch.confirm('key:operator');
    expect(await projector.state()).toEqual({ state: 'jumped', mayPublish: false });
    // Its deadlines go by elapsed time until its clock returns.
    expect(projector.guard.now()).toBe(START);
    projector.time.wall -= 400 * DAY;
    expect(await projector.state()).toEqual({ state: 'right', mayPublish: true });
  });

  it('go on by one confirmation where all were set alike, and not by one from before', async () => {
    const processes = [await startProcess(), await startProcess(START, false), await startProcess()] as const;
    for (const { time } of processes) time.wall += 30 * DAY;
    for (const each of processes) expect(await each.state()).toEqual({ state: 'jumped', mayPublish: false });
    await processes[0].watch.confirm('local');
    for (const each of processes) expect(await each.state()).toMatchObject({ mayPublish: true });
    for (const { watch } of processes) expect(watch.confirmation).toMatchObject({ by: 'local' });
    // Another jump needs another confirmation.
    for (const { time } of processes) time.wall += 30 * DAY;
    for (const each of processes) expect(await each.state()).toEqual({ state: 'jumped', mayPublish: false });
    // A process that starts now takes its own clock for right, as at every start.
    expect(await (await startProcess(START + 60 * DAY)).state()).toMatchObject({ mayPublish: true });
  });

  it('show one that is wrong by what it records: the others are not ready until that is confirmed once, and go on publishing', async () => {
    const [api, relay] = [await startProcess(), await startProcess(START, false)];
    recordedAt = START + 400 * DAY;
    await records('2');
    for (const each of [api, relay]) {
      await each.passes(MINUTE);
      expect(await each.state()).toEqual({ state: 'behind', mayPublish: true });
    }
    await relay.watch.confirm('key:operator');
    expect(await relay.state()).toEqual({ state: 'right', mayPublish: true });
    expect(await api.state()).toEqual({ state: 'right', mayPublish: true });
    // Also after a restart.
    expect(await (await startProcess(START + HOUR)).state()).toEqual({ state: 'right', mayPublish: true });
    // What a wrong clock records later is noticed again.
    recordedAt = START + 500 * DAY;
    await records('3');
    expect(await api.state()).toEqual({ state: 'behind', mayPublish: true });
  });
});
