import { openDatabase, type Database } from '#database';
import { POSTGRES_OFFERS } from '../../../../test/services/postgres.js';

/** Where the read models of a spec may stand. */
interface Store {
  readonly name: string;
  readonly missing: string | null;
  open(): Promise<Database>;
  stop(): Promise<void>;
}

/** Embedded, and on each version of PostgreSQL. */
export const EVERY_STORE: readonly Store[] = [
  {
    name: 'PGlite',
    missing: null,
    open: () => openDatabase({ kind: 'pglite', folder: null }),
    stop: () => Promise.resolve(),
  },
  ...POSTGRES_OFFERS.map(({ name, missing, start }) => {
    let server: Awaited<ReturnType<typeof start>> | null = null;
    return {
      ...{ name, missing },
      open: async () => {
        server = await start();
        return openDatabase({ kind: 'postgres' as const, url: server.url });
      },
      stop: async () => server?.stop(),
    };
  }),
];

/** Embedded, and on the newest PostgreSQL: for what does not hang on the version. */
export const STORES: readonly Store[] = EVERY_STORE.slice(0, 2);
