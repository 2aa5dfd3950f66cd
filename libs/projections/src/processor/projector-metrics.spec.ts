import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { registerProjectorMetrics } from './projector-metrics.js';

describe('the metrics of the projector', () => {
  it('are absent while the database does not answer, and a scrape returns all others', async () => {
    const register = new Registry();
    registerProjectorMetrics(register, { status: () => Promise.reject(new Error('connection refused')) });
    const text = await register.metrics();
    expect(text).toContain('perennial_projector_database_up 0');
    expect(text).not.toMatch(/^perennial_projector_position /m);
    expect(text).not.toMatch(/^perennial_projector_events_total /m);
  });
});
