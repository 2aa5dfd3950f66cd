import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { HOUR } from '#contracts';
import { Health } from '#platform';
import type { SourceActivity } from './source-activity.js';
import { SilenceWatch } from './silence-watch.js';
import { Sources } from './sources.js';

it('shows a silent source in the details of health, where the process stays ready, and as a metric; a paused one in neither', async () => {
  const now = 100 * HOUR;
  const silent = ['hourly', 'resting'].map((source) => ({
    ...{ source, lastSeenAt: now - 20 * HOUR, usualGapMinutes: 60, silentSince: now - 18 * HOUR },
  }));
  const activity = { silent: () => Promise.resolve(silent) } as unknown as SourceActivity;
  const sources = new Sources(
    new Map([
      [
        'resting',
        {
          settings: { name: 'resting', kind: 'api', test: false },
          ...{ status: 'paused', registeredAt: 0, changedAt: 0 },
        },
      ],
    ]),
  );
  const health = new Health();
  const metrics = new Registry();
  const watch = new SilenceWatch(activity, sources, { now: () => now }, health, metrics);
  const check = [...health.checks].find(([name]) => name === 'sources')![1];
  expect(await check()).toEqual({ ok: true });
  await watch.poll();
  expect(await check()).toEqual({ ok: false, required: false, detail: expect.stringContaining('hourly') });
  expect(JSON.stringify(await check())).not.toContain('resting');
  expect(await metrics.metrics()).toContain(`perennial_source_silent_seconds{source="hourly"} ${20 * 3_600}`);
  expect(await metrics.metrics()).not.toContain('resting');
});
