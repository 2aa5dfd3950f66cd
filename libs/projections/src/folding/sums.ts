import { insertRows, sortedByKey, unnest, type Row, type Writer } from '#database';
import type { CustomerReadModel, DayZone } from '../read-models/read-model.js';

/** Adds up what stage periods contribute to a read model of sums, in each zone in which the customer is counted. */
export class Sums {
  readonly #rows = new Map<string, Row>();

  constructor(
    private readonly model: CustomerReadModel & { shape: 'sum' },
    private readonly zones: readonly DayZone[],
  ) {}

  add(period: Row, sign: 1 | -1): void {
    const customerId = period['customer_id'] as string;
    for (const { timeZone, countedTo } of this.zones)
      if (countedTo === null || customerId <= countedTo) this.#add(period, timeZone, sign);
  }

  #add(period: Row, timeZone: string, sign: 1 | -1): void {
    const { table, sums } = this.model;
    for (const row of this.model.of(period, timeZone)) {
      const key = table.key.map((column) => String(row[column])).join('\0');
      const known = this.#rows.get(key);
      if (known === undefined) {
        for (const sum of sums) row[sum] = sign * (row[sum] as number);
        this.#rows.set(key, row);
      } else for (const sum of sums) known[sum] = (known[sum] as number) + sign * (row[sum] as number);
    }
  }

  /** Adds the sums to the rows of the table. */
  write(writes: Writer): Promise<void> {
    return addSums(writes, this.model, this.#changed());
  }

  /** Only rows with something to add or take away. */
  #changed(): Row[] {
    return [...this.#rows.values()].filter((row) => this.model.sums.some((sum) => row[sum] !== 0));
  }
}

async function addSums(writes: Writer, model: CustomerReadModel & { shape: 'sum' }, rows: Row[]): Promise<void> {
  if (rows.length === 0) return;
  const { table, sums } = model;
  const set = sums.map((sum) => `${sum} = t.${sum} + EXCLUDED.${sum}`).join(', ');
  await insertRows(
    writes,
    { ...table, name: `${table.name} AS t` },
    sortedByKey(table, rows),
    `(${table.key.join(', ')}) DO UPDATE SET ${set}`,
  );
  const emptied = rows.filter((row) => sums.some((sum) => (row[sum] as number) < 0));
  if (emptied.length === 0) return;
  const keys = unnest(table, table.key, emptied, 'k');
  await writes.query(
    `DELETE FROM ${table.name} t USING ${keys.sql} WHERE ${table.key.map((c) => `t.${c} = k.${c}`).join(' AND ')}
        AND ${sums.map((sum) => `t.${sum} = 0`).join(' AND ')}`,
    keys.params,
  );
}
