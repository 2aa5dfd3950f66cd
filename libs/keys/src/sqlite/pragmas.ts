/** How each connection to the key store's file is set: a commit is durable when it returns, and what is deleted is overwritten. */
export const KEY_STORE_PRAGMAS =
  'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;';
