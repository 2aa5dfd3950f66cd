import { describe, expect, it } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '#contracts';
import { openSqliteKeyStore, Sealer } from '#keys';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { LOCAL_PRINCIPAL, type Principal } from '#platform';
import { memoryLog } from '#testing';
import { MassOpenings } from './mass-openings.js';
import { RecordedOpenings } from './recorded-openings.js';

/** Ten minutes after midnight, so that an hour reaches into the day before. */
const MIDNIGHT = Date.UTC(2026, 0, 31);

describe('the watch over openings', () => {
  const clock = { at: MIDNIGHT, now: () => clock.at };
  const log = memoryLog({ clock });
  const sealer = new Sealer(openSqliteKeyStore({ file: ':memory:' }));
  const openings = new RecordedOpenings({ log, sealer, clock });
  const agent: Principal = { ...LOCAL_PRINCIPAL, id: 'a', kind: 'key' };
  const other: Principal = { ...agent, id: 'b' };
  let next = 0;
  const open = (count: number, principal = agent, from = (next += count) - count): Promise<void> =>
    openings.recordOpening({
      ...{ principal, purpose: 'service', ticket: null, reason: null, kind: 'view', requestId: 'r' },
      ...{ query: 'customers', parameters: {}, columns: ['identifier'] },
      subjects: new Map(Array.from({ length: count }, (_, at) => [(from + at).toString(16).padStart(32, '0'), 1])),
    });
  const watch = () => {
    const alerts: unknown[] = [];
    const policy = {
      now: () => Promise.resolve({ ...BUILT_IN_POLICIES.retail, openings: { alertSubjectsPerHour: 10 } }),
    };
    const warned: unknown[] = [];
    const logger = { warn: (fields: unknown) => void warned.push(fields) };
    const watching = new MassOpenings({ log, policy, clock, logger, onAlert: (alert) => alerts.push(alert) });
    return { watching, alerts, warned };
  };

  it('alerts once of a principal that opens more subjects within an hour than the policy names, whatever the process and the day', async () => {
    const { watching, alerts, warned } = watch();
    clock.at = MIDNIGHT - 30 * MINUTE;
    await open(6);
    clock.at = MIDNIGHT + 10 * MINUTE;
    await open(4);
    // The same subjects again are no further ones, and another principal is another.
    await open(4, agent, next - 4);
    await open(9, other);
    expect(await watching.check()).toEqual([]);
    expect(watching.health()).toEqual({ ok: true });
    await open(1);
    expect(await watching.check()).toEqual([{ by: 'key:a', subjects: 11 }]);
    await watching.check();
    expect(alerts).toEqual([{ by: 'key:a', subjects: 11 }]);
    expect(warned).toMatchObject([{ by: 'key:a', alertSubjectsPerHour: 10 }]);
    expect(watching.health()).toMatchObject({ ok: false, required: false });
    expect(JSON.stringify(watching.health())).not.toContain('key:a');
    // A process that starts now sees what others recorded before.
    expect(await watch().watching.check()).toEqual([{ by: 'key:a', subjects: 11 }]);
  });

  it('ends the alert an hour later, and alerts again of the next time', async () => {
    const { watching, alerts } = watch();
    await open(11);
    await watching.check();
    clock.at += HOUR + 1;
    expect(await watching.check()).toEqual([]);
    expect(watching.health()).toEqual({ ok: true });
    await open(12);
    await watching.check();
    expect(alerts).toHaveLength(2);
    clock.at += DAY;
  });
});
