import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isLock, LOCKS, tryConnectionLock, trySharedConnectionLock } from '#database';
import { KeyStoreError } from '../key-store.js';
import { asKeyStoreError, translated } from './postgres-errors.js';

/** How long the end of the connection may take. */
const END_MS_MAX = 1_000;

const ACQUIRE_SHARED = `SELECT ${trySharedConnectionLock(LOCKS.keysInUse)} AS got`;
const ACQUIRE_EXCLUSIVE = `SELECT ${tryConnectionLock(LOCKS.keysInUse)} AS got`;
const ENGINES = `
  SELECT count(*)::int AS engines FROM pg_locks WHERE ${isLock(LOCKS.keysInUse)} AND mode = 'ShareLock' AND granted`;

export interface KeyStoreLockOptions {
  readonly connection: pg.ClientConfig;
  /** For people: the database, without its password. */
  readonly place: string;
  readonly by: 'engine' | 'move';
}

/**
 * A lock on the keys in a database, held as long as its connection: engines share it, and a move holds it exclusively. So a move is rejected
 * while an engine runs, no engine starts while a move runs, and a process that ends releases its lock.
 */
export class KeyStoreLock {
  /** Null while the lock is not held: its connection broke, or it was released. */
  private client: pg.Client | null = null;
  private acquiring: Promise<void> | null = null;
  private released = false;

  private constructor(private readonly options: KeyStoreLockOptions) {}

  /** @throws KeyStoreError `in-use` where another process holds a lock that excludes this one, `unavailable` */
  static async acquire(options: KeyStoreLockOptions): Promise<KeyStoreLock> {
    const lock = new KeyStoreLock(options);
    await lock.connect();
    return lock;
  }

  /**
   * Makes sure that the lock is held. Where its connection broke, an engine acquires it again; a move gives up, since an engine may have run in the
   * meantime.
   * @throws KeyStoreError `in-use`, `unavailable`
   */
  async ensureHeld(): Promise<void> {
    if (this.client !== null || this.released) return;
    if (this.options.by === 'move')
      throw new KeyStoreError(
        'unavailable',
        `The connection that locked the keys in ${this.options.place} for this move broke: run the move again.`,
      );
    this.acquiring ??= this.connect().finally(() => (this.acquiring = null));
    await this.acquiring;
  }

  async release(): Promise<void> {
    this.released = true;
    await this.acquiring?.catch(() => undefined);
    const { client } = this;
    this.client = null;
    // A server that does not answer does not end the connection either; it notices that the process is gone.
    if (client !== null) await Promise.race([client.end(), sleep(END_MS_MAX, undefined, { ref: false })]);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client(this.options.connection);
    const lost = (): void => {
      if (this.client === client) this.client = null;
    };
    client.on('error', lost).on('end', lost);
    try {
      await translated(client.connect());
      const { rows } = await translated(
        client.query<{ got: boolean }>(this.options.by === 'move' ? ACQUIRE_EXCLUSIVE : ACQUIRE_SHARED),
      );
      if (rows[0]?.got !== true) throw await this.rejection(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw asKeyStoreError(error);
    }
    this.client = client;
  }

  private async rejection(client: pg.Client): Promise<KeyStoreError> {
    const { place, by } = this.options;
    if (by === 'engine')
      return new KeyStoreError(
        'in-use',
        `A move holds the keys in ${place}: no engine may use them until it has finished. Wait for it, or stop it.`,
      );
    const { rows } = await translated(client.query<{ engines: number }>(ENGINES));
    return new KeyStoreError(
      'in-use',
      (rows[0]?.engines ?? 0) > 0
        ? `An engine uses the keys in ${place}: stop it first.`
        : `Another move holds the keys in ${place}, or this move names them on both sides: wait for it, or name different stores.`,
    );
  }
}
