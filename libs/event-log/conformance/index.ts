import { afterAll, beforeAll, describe } from '@jest/globals';
import type { EventLog } from '#event-log';
import { appendingCases } from './appending.js';
import { closingCases } from './closing.js';
import type { LogFixture } from './fixture.js';
import { identityCases } from './identity.js';
import { modelCases } from './model.js';
import { deduplicationCases } from './deduplication.js';
import { readingCases } from './reading.js';
import { receiptCases } from './receipts.js';
import { timeCases } from './time.js';

/**
 * What every event log must do, adapter or third party's: run it in a spec of jest.
 *
 *     eventLogConformance('my log', async () => ({ log: await openMyLog(), close: async () => {} }), () => memoryLog());
 *
 * `openFixture` is asked once for all cases, and once more for those that close the log.
 * `model` makes an empty log that is known to be right; random appends are compared with it.
 */
export function eventLogConformance(name: string, openFixture: () => Promise<LogFixture>, model: () => EventLog): void {
  describe(`${name} is an event log`, () => {
    let fixture: LogFixture;
    beforeAll(async () => {
      fixture = await openFixture();
    });
    afterAll(async () => {
      await fixture.log.close();
      await fixture.close();
    });
    const given = () => fixture;
    describe('appending', () => appendingCases(given));
    describe('deduplication', () => deduplicationCases(given));
    describe('reading and following', () => readingCases(given));
    describe('time', () => timeCases(given));
    describe('identity', () => identityCases(given));
    describe('receipts', () => receiptCases(given));
    describe('against a model', () => modelCases(given, model));
    describe('closing', () => closingCases(openFixture));
  });
}
