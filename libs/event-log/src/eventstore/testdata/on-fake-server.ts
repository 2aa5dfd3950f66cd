import { afterEach } from '@jest/globals';
import { StandIn, type StandInOptions } from '../../../../../test/services/eventstore/fake-server.js';
import type { Patience } from '../connection.js';
import { openIndexedLog, type IndexedLog } from './indexed-log.js';

/** Short tempers: in a test a lost answer is to be found out at once. */
const QUICK: Partial<Patience> = { attemptMs: 400, callMs: 30_000, silenceMs: 300 };

/** Servers and logs that are closed after each case. */
export function onStandIn() {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  return {
    async server(options: StandInOptions = {}): Promise<StandIn> {
      const standIn = await StandIn.start(options);
      open.push(() => standIn.stop());
      return standIn;
    },
    async log(
      server: Pick<StandIn, 'connectionString'>,
      options: Partial<Parameters<typeof openIndexedLog>[0]> = {},
    ): Promise<IndexedLog> {
      const indexed = await openIndexedLog({
        connectionString: server.connectionString,
        ...options,
        patience: { ...QUICK, ...options.patience },
      });
      open.push(() => indexed.close());
      return indexed;
    },
  };
}
