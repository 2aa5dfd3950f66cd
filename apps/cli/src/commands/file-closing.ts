import { createHash } from 'node:crypto';
import type { ImportItem, ItemOutcome } from '#imports';
import type { Engine } from '../engine/engine.js';

/** What names a person: such a file is not named in a fact, which is in the clear. */
const ADDRESS = /@|%40|\+\d{7}/;

/** Counts what a file holds of each source, and closes the file by a fact of the source once all of it was read. */
export class FileClosing {
  private readonly bySource = new Map<string, Record<string, number>>();
  /** Those of which something is on record. */
  private readonly recorded = new Set<string>();

  constructor(private readonly file: string) {}

  add(items: readonly ImportItem[], outcomes: readonly ItemOutcome[]): void {
    items.forEach((item, at) => {
      // A person who was erased is in no figure and in no book.
      if (item.kind === 'invalid' || outcomes[at]?.outcome === 'suppressed') return;
      const { source, type, test } = item.touchpoint as { source?: unknown; type?: unknown; test?: unknown };
      if (typeof source !== 'string' || typeof type !== 'string' || test === true) return;
      let counts = this.bySource.get(source);
      if (counts === undefined) this.bySource.set(source, (counts = {}));
      counts[type] = (counts[type] ?? 0) + 1;
      if (outcomes[at]?.outcome !== 'quarantined') this.recorded.add(source);
    });
  }

  /** The same file again closes as before: the fact is a duplicate. A fact that is not accepted leaves the import as it is. */
  async record(engine: Pick<Engine, 'recordFacts'>): Promise<void> {
    if (ADDRESS.test(this.file) || this.recorded.size === 0) return;
    const closed = [...this.bySource].filter(([source]) => this.recorded.has(source));
    const facts = closed.map(([source, counts]) => {
      const data = { file: this.file, counts };
      const id = `closed-${createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 24)}`;
      return { id, source, type: 'source-closed', data };
    });
    await engine.recordFacts(facts);
  }
}
