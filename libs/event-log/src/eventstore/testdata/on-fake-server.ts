import { afterEach } from '@jest/globals';
import { FakeServer, type FakeServerOptions } from '../../../../../test/services/eventstore/fake-server.js';
import type { Timeouts } from '../connection.js';
import { openIndexedLog, type IndexedLog } from './indexed-log.js';

/** Short tempers: in a test a lost answer is to be found out at once. */
const QUICK: Partial<Timeouts> = { attemptMs: 400, callMs: 30_000, silenceMs: 300 };

/** Servers and logs that are closed after each case. */
export function onFakeServer() {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  return {
    async server(options: FakeServerOptions = {}): Promise<FakeServer> {
      const fakeServer = await FakeServer.start(options);
      open.push(() => fakeServer.stop());
      return fakeServer;
    },
    async log(
      server: Pick<FakeServer, 'connectionString'>,
      options: Partial<Parameters<typeof openIndexedLog>[0]> = {},
    ): Promise<IndexedLog> {
      const indexed = await openIndexedLog({
        connectionString: server.connectionString,
        ...options,
        timeouts: { ...QUICK, ...options.timeouts },
      });
      open.push(() => indexed.close());
      return indexed;
    },
  };
}
