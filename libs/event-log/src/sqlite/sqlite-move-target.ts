import { newCopyOf, type LogIdentity } from '#platform';
import type { ReadOptions, RecordedEvent } from '../port.js';
import type { MovedEvent, MoveTarget } from '../moving/moved-event.js';
import { SqliteReader } from './reader.js';
import { SqliteWriter } from './writer.js';

const PAGE_SIZE = 1_000;

/** A log file that another log is moved into: made where it is missing. Hold the data folder's lock. */
export class SqliteMoveTarget implements MoveTarget {
  private readonly writer: SqliteWriter;
  private readonly reader: SqliteReader;

  constructor(file: string) {
    this.writer = new SqliteWriter(file);
    this.reader = new SqliteReader(file);
  }

  async importEvents(events: readonly MovedEvent[]): Promise<void> {
    this.writer.importEvents(events);
  }

  async belongTo(log: LogIdentity): Promise<void> {
    const own = this.reader.identity();
    if (own?.logId !== log.logId || own.copyId === log.copyId) this.writer.identify(newCopyOf(log));
  }

  async *readAll(
    after: number,
    { pageSize = PAGE_SIZE, with: also }: ReadOptions = {},
  ): AsyncIterable<readonly RecordedEvent[]> {
    for (let last = after; ;) {
      const page = this.reader.page(last, Number.MAX_SAFE_INTEGER, pageSize, {
        data: true,
        hash: also === 'contentHash',
      });
      if (page.length === 0) return;
      yield page;
      last = page.at(-1)?.position ?? last;
    }
  }

  close(): void {
    this.reader.close();
    this.writer.close();
  }
}
