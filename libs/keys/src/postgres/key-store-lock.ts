import pg from 'pg';
import { isLock, LOCKS, tryConnectionLock, trySharedConnectionLock } from '#database';
import { asked, asKeyStoreError } from './postgres-errors.js';
import { KeyStoreError } from '../key-store.js';

const SHARE = `SELECT ${trySharedConnectionLock(LOCKS.keysInUse)} AS got`;
const CLAIM = `SELECT ${tryConnectionLock(LOCKS.keysInUse)} AS got`;
const SHARED_BY_ANY = `
  SELECT count(*)::int AS engines FROM pg_locks WHERE ${isLock(LOCKS.keysInUse)} AND mode = 'ShareLock' AND granted`;

export interface HoldOptions {
  readonly connection: pg.ClientConfig;
  /** For people: the database, without its password. */
  readonly place: string;
  readonly by: 'engine' | 'move';
}

/**
 * A hold on the keys in a database, which lasts as long as its connection: engines share it, and a move has it alone. So a move is rejected while an engine
 * serves, no engine starts while a move runs, and a hold dies with its process.
 */
export class KeyStoreLock {
  /** Null where it is lost, or was let go. */
  private client: pg.Client | null = null;
  private taking: Promise<void> | null = null;
  private over = false;

  private constructor(private readonly options: HoldOptions) {}

  /** @throws KeyStoreError `in-use` where others have the keys who must not, `unavailable` */
  static async take(options: HoldOptions): Promise<KeyStoreLock> {
    const hold = new KeyStoreLock(options);
    await hold.again();
    return hold;
  }

  /**
   * Sees to it that it is held. An engine takes it again where its connection broke; a move gives up, since an engine may have come and gone in the meantime.
   * @throws KeyStoreError `in-use`, `unavailable`
   */
  async kept(): Promise<void> {
    if (this.client !== null || this.over) return;
    if (this.options.by === 'move')
      throw new KeyStoreError(
        'unavailable',
        `The connection by which this move had the keys in ${this.options.place} to itself broke.`,
      );
    this.taking ??= this.again().finally(() => (this.taking = null));
    await this.taking;
  }

  async release(): Promise<void> {
    this.over = true;
    await this.taking?.catch(() => undefined);
    const { client } = this;
    this.client = null;
    await client?.end();
  }

  private async again(): Promise<void> {
    const client = new pg.Client(this.options.connection);
    const lost = (): void => {
      if (this.client === client) this.client = null;
    };
    client.on('error', lost).on('end', lost);
    try {
      await asked(client.connect());
      const { rows } = await asked(client.query<{ got: boolean }>(this.options.by === 'move' ? CLAIM : SHARE));
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
        `A move has the keys in ${place}, which it replaces or makes: no engine may use them until it has come to its end.`,
      );
    const { rows } = await asked(client.query<{ engines: number }>(SHARED_BY_ANY));
    return new KeyStoreError(
      'in-use',
      (rows[0]?.engines ?? 0) > 0
        ? `An engine is using the keys in ${place}: stop it first.`
        : `Another move has the keys in ${place}, or both sides of this one name them.`,
    );
  }
}
