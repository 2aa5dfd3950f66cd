import { randomFillSync } from 'node:crypto';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { asKeyStoreError } from './sqlite-errors.js';

const ID_BYTES = 16;
const SECRET_BYTES = 32;

/** The keys of several ids, in their order. */
export interface MadeKeys {
  /** 32 bytes each; without meaning at the places in `erased`. */
  readonly secrets: Uint8Array;
  /** Places of the ids whose keys were destroyed. */
  readonly erased: readonly number[];
}

/** Makes keys in bulk: one statement for each new key, however many requests share the transaction. */
export class KeyMaker {
  readonly #insert: StatementSyncInstance;
  readonly #read: StatementSyncInstance;

  constructor(private readonly db: DatabaseSyncInstance) {
    this.#insert = db.prepare(
      'INSERT OR IGNORE INTO keys (id, secret) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM erased WHERE id = ?1)',
    );
    this.#read = db.prepare('SELECT secret FROM keys WHERE id = ?');
  }

  /**
   * The keys of each group of ids (16 bytes each, concatenated); ids with neither a key nor an erasure get a key, all in one transaction.
   */
  make(groups: readonly Uint8Array[]): MadeKeys[] {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const made = groups.map((ids) => this.#make(ids));
      this.db.exec('COMMIT');
      return made;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw asKeyStoreError(error);
    }
  }

  #make(ids: Uint8Array): MadeKeys {
    const count = ids.length / ID_BYTES;
    const secrets = randomFillSync(new Uint8Array(count * SECRET_BYTES));
    const erased: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const id = ids.subarray(at * ID_BYTES, (at + 1) * ID_BYTES);
      const secret = secrets.subarray(at * SECRET_BYTES, (at + 1) * SECRET_BYTES);
      if (Number(this.#insert.run(id, secret).changes) === 1) continue;
      const row = this.#read.get(id) as { readonly secret: Uint8Array } | undefined;
      if (row === undefined) erased.push(at);
      else secrets.set(row.secret, at * SECRET_BYTES);
    }
    return { secrets, erased };
  }
}
