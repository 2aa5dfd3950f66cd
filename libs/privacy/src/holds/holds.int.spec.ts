import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openDatabase, type Database } from '#database';
import { openSqliteLog, type EventLog } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog } from '#ingestion';
import { openKeyStoreOf, Sealer, type SqliteKeyStore } from '#keys';
import {
  ActRequested,
  LOCAL_PRINCIPAL,
  type ActPerformer,
  type Approvals,
  type Principal,
  type ProposedAct,
} from '#platform';
import { Projector } from '#projections';
import { ONE_IS_ENOUGH, orderPlaced } from '#testing';
import { EraseCustomer, EraseCustomerHandler } from '../erasure/erase-customer.js';
import { reconcileKeys } from '../reconciling/reconcile-keys.js';
import { HoldKeeper } from './hold-keeper.js';
import { HoldRegister } from './hold-register.js';
import { LiftHold, ManageHolds, PlaceHold } from './manage-holds.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const OFFICER: Principal = { ...LOCAL_PRINCIPAL, id: 'officer', kind: 'key' };
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

describe('a legal hold', () => {
  let folder: string;
  let log: EventLog;
  let keys: SqliteKeyStore;
  let sealer: Sealer;
  let ingestion: Ingestion;
  let database: Database;
  let projector: Projector;
  const clock = { now: () => NOW };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-holds-'));
    keys = openKeyStoreOf(folder);
    log = await openSqliteLog({ file: join(folder, 'log.db'), clock, writing: 'here' });
    sealer = new Sealer(keys);
    ingestion = new Ingestion({ log, sealer });
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
    database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
    projector = await Projector.open({ database, log, clock });
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await log.close();
    await keys.close();
    rmSync(folder, { recursive: true });
  });

  /** What a process does about holds; a new one is a process after a restart. */
  const start = (approvals: Approvals = ONE_IS_ENOUGH) => {
    const { identities } = ingestion;
    const register = new HoldRegister(log);
    const eraser = new EraseCustomerHandler({
      log,
      keys,
      identities,
      sealer,
      database,
      clock,
      approvals,
    });
    const manage = new ManageHolds({
      ...{ log, keys, identities, sealer, database, clock, register, approvals },
    });
    return { register, eraser, manage, keeper: new HoldKeeper(register, keys, eraser, SILENT) };
  };
  const identifierOf = (value: string) => ({ namespace: value.includes('@') ? 'email' : 'userId', value });
  const subjectOf = (user: string): string => sealer.subjectIdOf(identifierOf(user).namespace, user);
  const named = (user: string) => ({ identifiers: [identifierOf(user)], customerId: null });
  let events = 0;
  const publish = async (...users: string[]): Promise<string | undefined> => {
    const identifiers = users.map(identifierOf);
    const document = orderPlaced({ id: `holds-${(events += 1)}`, identifiers });
    const { results } = await new IngestTouchpointsHandler(ingestion).execute(
      new IngestTouchpoints([{ document }], NOW),
    );
    await projector.catchUp();
    return results[0]?.outcome;
  };
  const quarantined = async (body: object): Promise<string> => {
    const { results } = await new IngestTouchpointsHandler(ingestion).execute(
      new IngestTouchpoints([{ document: { ...orderPlaced({ id: `holds-${(events += 1)}` }), ...body } }], NOW),
    );
    await projector.catchUp();
    return results[0]?.quarantineId as string;
  };
  const erase = async (user: string) => {
    await projector.catchUp();
    const verdict = await start().eraser.execute(new EraseCustomer(named(user), LOCAL_PRINCIPAL));
    await projector.catchUp();
    return verdict;
  };
  const place = async (user: string, caseName: string, reason: string | null = null): Promise<string> => {
    await projector.catchUp();
    const verdict = await start().manage.place(new PlaceHold(named(user), caseName, reason, 'key:officer'));
    await projector.catchUp();
    return verdict.outcome === 'placed' ? verdict.hold.holdId : verdict.outcome;
  };
  const lift = async (holdId: string) => {
    const { manage, keeper } = start();
    await manage.lift(new LiftHold(holdId, null, OFFICER));
    await projector.catchUp();
    const executed = await keeper.executeWaiting();
    await projector.catchUp();
    return executed;
  };
  const isErased = async (user: string): Promise<boolean> => {
    const id = subjectOf(user);
    return (await keys.keysFor([id])).get(id) === 'erased';
  };

  it('keeps the whole person, whichever identifier it names; the erasure is executed when the last hold is lifted', async () => {
    await publish('ann', 'ann@app.example');
    const first = await place('ann@app.example', '2026-117', 'letter of Ms Miller');
    const second = await place('ann', '2026-118');
    expect(await place('ann', '2026-118')).toBe(second);
    expect(await erase('ann')).toMatchObject({ outcome: 'held', cases: ['2026-117', '2026-118'] });
    expect(await erase('ann')).toMatchObject({ outcome: 'held' });
    expect(await lift(first)).toEqual({ done: 0, waiting: 1 });
    expect([await isErased('ann'), await isErased('ann@app.example')]).toEqual([false, false]);
    expect(await publish('ann')).toBe('accepted');
    expect(await lift(second)).toEqual({ done: 1, waiting: 0 });
    expect([await isErased('ann'), await isErased('ann@app.example')]).toEqual([true, true]);
    expect(await publish('ann')).not.toBe('accepted');
    // Lifting again, or starting again, finds nothing to do.
    expect(await lift(second)).toEqual({ done: 0, waiting: 0 });
    expect(await place('ann', '2026-119')).toBe('erased');
    const written = JSON.stringify((await log.find([{ source: 'perennial/privacy', id: `hold/${first}` }]))[0]);
    expect(written).not.toContain('Miller');
  });

  it('is lifted only after another principal approved it, where the policy wants two', async () => {
    await publish('gus');
    const hold = await place('gus', '2026-130');
    expect(await erase('gus')).toMatchObject({ outcome: 'held' });
    const asked: ProposedAct[] = [];
    const performers = new Map<string, ActPerformer>();
    const waiting = { actId: 'f'.repeat(32), act: 'hold-lift', state: 'waiting', digest: '', until: '' } as const;
    const two: Approvals = {
      require(act) {
        asked.push(act);
        return Promise.reject(new ActRequested(waiting));
      },
      onApproved: (act, performer) => void performers.set(act, performer),
    };
    const { manage, keeper } = start(two);
    const lifting = new LiftHold(hold, 'letter of Mr Gus', OFFICER);
    await expect(manage.lift(lifting)).rejects.toBeInstanceOf(ActRequested);
    expect(await keeper.executeWaiting()).toEqual({ done: 0, waiting: 1 });
    // What is approved names the hold and the persons; the words are hidden.
    const [{ acts, detail, hidden, subjectIds } = {} as ProposedAct] = asked;
    expect(acts).toEqual(['hold-lift']);
    expect(detail).toEqual({ holdId: hold, case: '2026-130', subjectIds: [subjectOf('gus')] });
    expect([hidden, subjectIds]).toEqual([{ reason: 'letter of Mr Gus' }, [subjectOf('gus')]]);
    const act = { actId: waiting.actId, detail, hidden: hidden ?? null, by: 'key:officer' };
    const lift = performers.get('hold-lift');
    await lift?.(act);
    await lift?.(act);
    await projector.catchUp();
    expect(await keeper.executeWaiting()).toEqual({ done: 1, waiting: 0 });
    expect(await isErased('gus')).toBe(true);
    const { holds } = await start().register.load();
    expect(holds.get(hold)?.lifted).toMatchObject({ by: 'key:officer' });
    // What is lifted needs no second approval.
    expect(await start(two).manage.lift(lifting)).toMatchObject({ outcome: 'lifted' });
    await expect(lift?.({ ...act, detail: { holdId: 'no such' } })).rejects.toThrow('No legal hold has this id.');
    await projector.catchUp();
  });

  it('keeps those too who are linked to the person later', async () => {
    await publish('bob');
    await publish('bob@web.example');
    const hold = await place('bob', '2026-120');
    await publish('bob', 'bob@web.example');
    expect(await erase('bob@web.example')).toMatchObject({ outcome: 'held', cases: ['2026-120'] });
    await lift(hold);
    expect([await isErased('bob'), await isErased('bob@web.example')]).toEqual([true, true]);
  });

  it('is brought to the keys by the next start where the process died before, and so is the erasure that waits', async () => {
    await publish('cia');
    const hold = await place('cia', '2026-121');
    expect(await erase('cia')).toMatchObject({ outcome: 'held' });
    // The process died after the log had the lift.
    const broken = { ...start(), keys: { liftHold: () => Promise.reject(new Error('died')) } };
    const { identities } = ingestion;
    const dying = new ManageHolds({
      ...{ log, identities, sealer, database, clock, register: broken.register, approvals: ONE_IS_ENOUGH },
      keys: Object.assign(Object.create(keys) as SqliteKeyStore, broken.keys),
    });
    await expect(dying.lift(new LiftHold(hold, null, OFFICER))).rejects.toThrow('died');
    await projector.catchUp();
    expect(await isErased('cia')).toBe(false);
    const { keeper } = start();
    keeper.start();
    for (let waitedMs = 0; waitedMs < 20_000 && !(await isErased('cia')); waitedMs += 50)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await keeper.stop();
    await projector.catchUp();
    expect(await isErased('cia')).toBe(true);
  });

  it('is known to a key store from a backup after its start', async () => {
    await publish('dan');
    await keys.copyTo(join(folder, 'keys.copy'));
    await place('dan', '2026-122');
    const restored = mkdtempSync(join(tmpdir(), 'perennial-holds-restored-'));
    copyFileSync(join(folder, 'keys.copy'), join(restored, 'keys.db'));
    const older = openKeyStoreOf(restored);
    const dan = subjectOf('dan');
    expect(await older.holdsOn([dan])).toEqual([]);
    await reconcileKeys({ log, keys: older, now: NOW, announce: () => undefined });
    await expect(older.destroy([dan])).rejects.toMatchObject({ code: 'held', holds: [{ case: '2026-122' }] });
    await older.close();
    rmSync(restored, { recursive: true });
  });

  it('keeps a quarantined body that names the person and another one, who is erased', async () => {
    await publish('eva');
    await publish('fay');
    const body = await quarantined({ type: 'no-such-type', data: { userId: 'eva', friend: { userId: 'fay' } } });
    const open = async () => (await keys.keysFor([body])).get(body) !== 'erased';
    const hold = await place('eva', '2026-123');
    expect(await erase('fay')).toMatchObject({ outcome: 'erased', receipt: { bodiesHeld: 1 } });
    expect(await open()).toBe(true);
    await lift(hold);
    expect(await open()).toBe(false);
    expect(await isErased('eva')).toBe(false);
  });

  it('ends in the same state for every order of links, holds, lifts and erasures', async () => {
    const steps = ['link', 'place 1', 'place 2', 'lift 1', 'lift 2', 'erase'];
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(steps, { minLength: steps.length }), async (order) => {
        run += 1;
        const [one, other] = [`one-${run}`, `other-${run}@web.example`];
        await publish(one);
        await publish(other);
        const holds = new Map<string, string>();
        for (const step of order) {
          const [what, which = ''] = step.split(' ');
          if (what === 'link') await publish(one, other);
          else if (what === 'place') holds.set(which, await place(which === '1' ? one : other, `${run}/${which}`));
          // A lift before its hold lifts nothing: it is repeated at the end.
          else if (what === 'lift' && holds.has(which)) await lift(holds.get(which) as string);
          else if (what === 'erase') await erase(one);
        }
        for (const hold of holds.values()) if (/^[0-9a-f]{32}$/.test(hold)) await lift(hold);
        expect(await isErased(one)).toBe(true);
        // Erased as a part of the person, or never linked to them, since the link came after the erasure.
        const wasLinked = order.indexOf('link') < order.indexOf('erase');
        if (wasLinked) expect(await isErased(other)).toBe(true);
        expect(await keys.holdsOn([one, other].map(subjectOf))).toEqual([]);
        expect((await start().register.load()).waiting.size).toBe(0);
      }),
      { numRuns: 6 },
    );
  });
});
