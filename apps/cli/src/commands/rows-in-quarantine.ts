import type { ImportItem, ItemOutcome } from '#imports';
import type { Engine } from '../engine/engine.js';
import { CliError } from '../exit-codes.js';
import { allPages } from './query.js';

/** Events closed in one request. */
const CLOSED_AT_ONCE = 1_000;

/**
 * What earlier imports of a file left in quarantine, and what becomes of it: a row that is read now replaces what was quarantined of it before,
 * whether it is accepted or quarantined for another reason. A row that is quarantined as it was is still open.
 */
export class RowsInQuarantine {
  private readonly replaced = new Set<string>();
  /** Everything that this import quarantined, or found quarantined as it is. */
  private readonly met = new Set<string>();
  private before = 0;

  private constructor(
    /** The open events by the row that they were read from; null where they cannot be listed. */
    private readonly byRow: ReadonlyMap<string, readonly string[]> | null,
    private readonly ids: ReadonlySet<string>,
  ) {}

  static async ofFile(engine: Engine, file: string): Promise<RowsInQuarantine> {
    const byRow = new Map<string, string[]>();
    const ids = new Set<string>();
    try {
      for await (const { rows } of allPages(engine, 'quarantine', { status: 'open', file }))
        for (const { quarantineId, rowId } of rows as readonly { quarantineId: string; rowId: string | null }[]) {
          ids.add(quarantineId);
          if (rowId === null) continue;
          const known = byRow.get(rowId);
          if (known === undefined) byRow.set(rowId, [quarantineId]);
          else known.push(quarantineId);
        }
    } catch (error) {
      // A key that may only publish does not see the list.
      if (!(error instanceof CliError)) throw error;
      return new RowsInQuarantine(null, new Set());
    }
    return new RowsInQuarantine(byRow, ids);
  }

  /** Takes in what became of a batch. */
  add(items: readonly ImportItem[], outcomes: readonly ItemOutcome[]): void {
    for (const [at, { outcome, code, quarantineId }] of outcomes.entries()) {
      if (quarantineId !== undefined) this.met.add(quarantineId);
      if (this.byRow === null && outcome === 'duplicate' && code !== undefined) this.before += 1;
      const item = items[at];
      if (item === undefined || this.byRow === null) continue;
      const rows = item.origin?.rows ?? (item.kind === 'invalid' ? [item.invalid.id] : []);
      for (const row of rows) for (const id of this.byRow.get(row) ?? []) this.replaced.add(id);
    }
  }

  /** How many were quarantined before, and were quarantined again as they are. */
  get stillOpen(): number {
    return this.byRow === null ? this.before : [...this.met].filter((id) => this.ids.has(id)).length;
  }

  /** How many are open of rows that this import did not read: the file was corrected since, or another one had its name. */
  get notInFile(): number {
    return [...this.ids].filter((id) => !this.met.has(id) && !this.replaced.has(id)).length;
  }

  /** Closes what was read again. Returns how many were closed. */
  async close(engine: Engine, file: string): Promise<number> {
    const ids = [...this.replaced].filter((id) => !this.met.has(id));
    let closed = 0;
    for (let from = 0; from < ids.length; from += CLOSED_AT_ONCE) {
      const some = ids.slice(from, from + CLOSED_AT_ONCE);
      closed += (await engine.discardMany({ ids: some }, `read again by an import of ${file}`, true)).closed;
    }
    return closed;
  }
}
