import type { EventLog, RecordedEvent } from '#event-log';
import type { Customer } from '../components.js';
import { readTouchpoints } from '../../../folding/load.js';

/** Where a build has the touchpoints of the customers that it folds. */
export interface TouchpointSource {
  /** The touchpoints of each subject of these customers, in the order of the log. Each customer is asked for once, in the order of their ids. */
  of(customers: readonly Customer[]): Promise<(subjectId: string) => readonly RecordedEvent[]>;
}

/** Reads the streams of the customers from the log: the second reading of each event. */
export class StreamSource implements TouchpointSource {
  constructor(
    private readonly log: EventLog,
    private readonly upTo: number,
  ) {}

  async of(customers: readonly Customer[]): Promise<(subjectId: string) => readonly RecordedEvent[]> {
    const subjectIds = customers.flatMap((one) => one.subjectIds);
    // Everything up to there was deduplicated and committed before: the log knows which events repeat an id.
    const found = await readTouchpoints(this.log, subjectIds, { upTo: this.upTo }, null);
    return (subjectId) => found.get(subjectId) ?? [];
  }
}
