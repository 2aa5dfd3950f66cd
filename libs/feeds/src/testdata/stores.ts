import { openDatabase, type Database } from '#projections';
import { POSTGRES_OFFERS } from '../../../../test/services/postgres.js';

/** Where the read models of a spec may stand. */
export const STORES: {
  readonly name: string;
  readonly missing: string | null;
  open(): Promise<Database>;
  stop(): Promise<void>;
}[] = [
  {
    name: 'PGlite',
    missing: null,
    open: () => openDatabase({ kind: 'pglite', folder: null }),
    stop: () => Promise.resolve(),
  },
  ...POSTGRES_OFFERS.slice(0, 1).map(({ name, missing, start }) => {
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
