import type { BlockRow } from './api-key-row.js';

/** The principals that are locked out. Rows merge: a block that was lifted stays lifted, however late another row of it is read. */
export class Blocks {
  /** By principal and instant. */
  private readonly rows = new Map<string, BlockRow>();
  private current: ReadonlyMap<string, number> = new Map();

  /** The blocked principals, each with the instant since when it is. */
  get standing(): ReadonlyMap<string, number> {
    return this.current;
  }

  isBlocked(principal: string): boolean {
    return this.current.has(principal);
  }

  add(row: BlockRow): void {
    const key = `${row.principal} ${row.at}`;
    this.rows.set(key, { ...row, liftedAt: this.rows.get(key)?.liftedAt ?? row.liftedAt });
    this.derive();
  }

  lift(principal: string, at: number): void {
    for (const [key, row] of this.rows)
      if (row.principal === principal && row.liftedAt === null) this.rows.set(key, { ...row, liftedAt: at });
    this.derive();
  }

  private derive(): void {
    const standing = [...this.rows.values()].filter(({ liftedAt }) => liftedAt === null);
    this.current = new Map(standing.map(({ principal, at }) => [principal, at]));
  }
}
