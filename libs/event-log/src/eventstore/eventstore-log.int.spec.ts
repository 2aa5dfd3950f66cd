import { describe, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { StandIn } from '../../../../test/services/eventstore/stand-in.js';
import { noteServer } from '../../../../test/services/ledger.js';
import { eventLogConformance } from '../conformance/event-log-conformance.js';
import { openIndexedLog } from './testdata/indexed-log.js';

const SERVICE = 'EventStoreDB';

for (const batchAppend of [true, false]) {
  const path = batchAppend ? 'by BatchAppend' : 'call by call';
  eventLogConformance(
    `a log on ${SERVICE}'s stand-in, appending ${path},`,
    async () => {
      noteServer({ service: SERVICE, origin: 'stand-in', version: '24.10', what: `in this process, ${path}` });
      const standIn = await StandIn.start({ batchAppend });
      const { log, close } = await openIndexedLog({ connectionString: standIn.connectionString });
      return {
        log,
        async close() {
          await close();
          await standIn.stop();
        },
      };
    },
    () => memoryLog(),
  );
}

/** The same suite on a real server, which others may use as well: every log there has a name of its own. */
const url = process.env['EVENTSTORE_URL'] ?? '';
if (url !== '')
  eventLogConformance(
    `a log on the ${SERVICE} at EVENTSTORE_URL`,
    async () => {
      noteServer({ service: SERVICE, origin: 'address', version: 'as given', what: 'EVENTSTORE_URL' });
      return openIndexedLog({ connectionString: url });
    },
    () => memoryLog(),
  );
else
  describe.skip(`a log on the ${SERVICE} at EVENTSTORE_URL`, () => {
    it('is an event log', () => undefined);
  });
