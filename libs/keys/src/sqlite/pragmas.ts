/** The settings of each connection to the key store's file: a commit is durable when it returns, and deleted content is overwritten. */
export const KEY_STORE_PRAGMAS =
  'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;';
