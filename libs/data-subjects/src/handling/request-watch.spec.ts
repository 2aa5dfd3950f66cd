import { describe, expect, it } from '@jest/globals';
import { DAY, STREAMS } from '#contracts';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import { Health } from '#platform';
import { memoryLog } from '#testing';
import { Registry } from 'prom-client';
import { RequestWatch } from './request-watch.js';

const ID = '0b1c2d3e4f5061728394a5b6c7d8e9f0';

describe('the watch over requests of data subjects', () => {
  it('warns once for each step as the last day comes near, and shows it in health and by a metric', async () => {
    let now = Date.UTC(2026, 0, 31, 12);
    const clock = { now: () => now };
    const log = memoryLog({ clock });
    const record = async (name: 'subject-request-received' | 'subject-request-answered', data: object) =>
      log.append(STREAMS.dataSubjects, 'any', [
        factEvent({
          ...{ name, source: OWN_SOURCES.dataSubjects, id: name, occurredAt: now, data, meta: { by: 'local' } },
          contentHash: plainContentHash(data),
        }),
      ]);
    await record('subject-request-received', {
      ...{ requestId: ID, kind: 'access', subjectIds: ['a'.repeat(32)], customerId: null },
      ...{ receivedAt: now, dueOn: '2026-02-28', timeZone: 'UTC' },
    });
    const warnings: string[] = [];
    const health = new Health();
    const metrics = new Registry();
    const logger = { warn: (_: unknown, text: string) => void warnings.push(text) } as never;
    const watch = new RequestWatch(clock, logger, log, health, metrics);
    const at = async (day: string) => {
      now = Date.parse(`${day}T12:00:00Z`);
      const before = warnings.length;
      await watch.poll();
      await watch.poll();
      const gauge = await metrics.getSingleMetricAsString('perennial_subject_requests');
      const states = [...gauge.matchAll(/state="(\w+)"\} 1/g)].map(([, state]) => state);
      return [
        states,
        warnings.slice(before).map((text) => text.split(':')[0]),
        await health.checks.get('subject-requests')?.(),
      ];
    };
    expect(await at('2026-02-01')).toEqual([['open'], [], { ok: true }]);
    const due = { ok: false, required: false, detail: expect.stringContaining('0 overdue, 1 due') };
    expect(await at('2026-02-21')).toEqual([
      ['due'],
      ['a request of a data subject is to be answered within 7 days'],
      due,
    ]);
    expect(await at('2026-02-22')).toEqual([['due'], [], due]);
    expect(await at('2026-02-28')).toEqual([['due'], ['a request of a data subject is to be answered today'], due]);
    expect(await at('2026-03-01')).toMatchObject([
      ['overdue'],
      ['the time to answer a request of a data subject has passed'],
      { detail: expect.stringContaining('1 overdue, 0 due') },
    ]);
    now += DAY;
    await record('subject-request-answered', { requestId: ID, outcome: 'done' });
    expect(await at('2026-03-02')).toEqual([[], [], { ok: true }]);
  });
});
