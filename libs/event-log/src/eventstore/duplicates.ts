import type { IdTable } from './ids.js';

/** The positions at which an event id is repeated, as far as the indexer has found them: no reader gets what stands there. */
export class Duplicates {
  readonly #positions = new Set<number>();
  #upTo = 0;

  constructor(private readonly ids: IdTable) {}

  /** The same without those that repeat an event id recorded lower. */
  async without<T extends { readonly position: number }>(events: readonly T[]): Promise<readonly T[]> {
    if (events.length === 0) return events;
    for (const position of await this.ids.duplicates(this.#upTo)) {
      this.#positions.add(position);
      this.#upTo = Math.max(this.#upTo, position);
    }
    return this.#positions.size === 0 ? events : events.filter(({ position }) => !this.#positions.has(position));
  }
}
