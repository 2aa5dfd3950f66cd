import { describe, expect, it } from '@jest/globals';
import type { ImportSummary } from '#imports';
import { importReport } from './import-report.js';

const summary = (codes: Readonly<Record<string, number>>): ImportSummary =>
  ({
    ...{ outcome: 'done', lines: 3, skipped: 0, notices: new Map(), warnings: new Map() },
    codes: new Map(Object.entries(codes)),
    progress: { items: 3, line: 4, outcomes: { accepted: 1, duplicate: 0, quarantined: 2, suppressed: 0 } },
    timings: { totalMs: 10, readMs: 1, storeMs: 1 },
  }) as unknown as ImportSummary;
const NONE = { stillOpen: 0, notInFile: 0 };

describe('the report of an import', () => {
  it('says of rows that were accepted before with other content what holds, and what can be done', () => {
    const text = importReport('orders.csv', summary({ 'id-reused': 2 }), 0, NONE);
    expect(text).toContain('2 × id-reused');
    expect(text).toContain('2 touchpoints are recorded under the same id with other content: what is recorded stays');
    expect(text).toContain('order-amended');
    expect(text).toContain('perennial quarantine discard --file orders.csv --code id-reused');
  });

  it('says nothing of it where there are none', () => {
    expect(importReport('orders.csv', summary({ 'value-malformed': 2 }), 0, NONE)).not.toContain('recorded');
  });
});
