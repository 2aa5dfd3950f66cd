import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { livedInLog } from '../../../../test/services/eventstore/lived-in.js';
import { FakeServer } from '../../../../test/services/eventstore/fake-server.js';
import { noteServer } from '../../../../test/services/ledger.js';
import { eventLogConformance } from '../../conformance/index.js';
import { openIndexedLog } from './testdata/indexed-log.js';

const SERVICE = 'EventStoreDB';
const MODES = [
  ['by BatchAppend', true],
  ['call by call', false],
] as const;

/** One database for all cases of both modes, as a real server has: others live there, and it is never emptied. */
const database = livedInLog();

for (const [path, batchAppend] of MODES)
  describe('on a server that others use as well:', () => {
    let fakeServer: FakeServer;
    beforeAll(async () => {
      fakeServer = await FakeServer.start({ batchAppend, log: database });
    });
    afterAll(() => fakeServer.stop());

    eventLogConformance(
      `a log on ${SERVICE}'s fake server, appending ${path},`,
      async () => {
        noteServer({ service: SERVICE, origin: 'fake server', version: '24.10', what: `in this process, ${path}` });
        return openIndexedLog({ connectionString: fakeServer.connectionString });
      },
      () => memoryLog(),
    );
  });

/** The same suite on a real server: every log there has a name of its own. */
const url = process.env['EVENTSTORE_URL'] ?? '';
if (url !== '')
  for (const [path, batchAppend] of MODES)
    describe(`appending ${path}:`, () => {
      // Only the first server of a process is given appends in batches: with another one before it, ours is called one by one.
      let other: FakeServer | null = null;
      let held: Awaited<ReturnType<typeof openIndexedLog>> | null = null;
      beforeAll(async () => {
        if (batchAppend) return;
        other = await FakeServer.start();
        held = await openIndexedLog({ connectionString: other.connectionString });
      });
      afterAll(async () => {
        await held?.close();
        await other?.stop();
      });

      eventLogConformance(
        `a log on the ${SERVICE} at EVENTSTORE_URL`,
        async () => {
          noteServer({ service: SERVICE, origin: 'address', version: 'as given', what: `EVENTSTORE_URL, ${path}` });
          return openIndexedLog({ connectionString: url });
        },
        () => memoryLog(),
      );
    });
else
  describe.skip(`a log on the ${SERVICE} at EVENTSTORE_URL`, () => {
    it('is an event log', () => undefined);
  });
