import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { ReceivedCounts } from './eventstore/received-counts.js';
import { registerReceived } from './received-metrics.js';

describe('the events that a server sent', () => {
  it('are counted as often as they came, and once each', async () => {
    const [metrics, counts] = [new Registry(), new ReceivedCounts()];
    registerReceived(metrics, counts);
    for (const position of [7, 9, 20, 9, 20, 31]) counts.came(position);
    const values = async () =>
      (await metrics.getMetricsAsJSON()).map(({ name, values: [value] }) => [name, value?.value]);
    const expected = [
      ['perennial_log_events_received_total', 6],
      ['perennial_log_events_distinct_total', 4],
    ];
    expect(await values()).toEqual(expected);
    // A second scrape does not add them up.
    expect(await values()).toEqual(expected);
  });
});
