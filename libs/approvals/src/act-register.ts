import { createHash } from 'node:crypto';
import { factOf, STREAMS, validateFact, type FactName, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { evolve, type ActOnRecord } from './act-on-record.js';

const SOURCE = 'perennial/approvals';
const ATTEMPTS_MAX = 20;

/** An event to append to the stream of acts. */
export interface ActEvent {
  readonly name: Extract<FactName, `act-${string}`>;
  readonly by: string;
  readonly data: { readonly actId: string };
}

/** All acts that needed two principals, read from their one stream and decided there: its order makes each decision the only one. */
export class ActRegister {
  private acts: ReadonlyMap<string, ActOnRecord> = new Map();
  private revision = -1;

  constructor(private readonly log: Pick<EventLog, 'read' | 'append'>) {}

  /** All acts on record, in the order in which they were requested. */
  async all(): Promise<readonly ActOnRecord[]> {
    await this.refresh();
    return [...this.acts.values()];
  }

  async find(actId: string): Promise<ActOnRecord | null> {
    await this.refresh();
    return this.acts.get(actId) ?? null;
  }

  /**
   * Appends what `decide` makes of the acts on record, unless another process came first: then it decides again. `decide` throws, or returns
   * null, where there is nothing to append. Resolves with whether it was appended.
   */
  async append(now: Instant, decide: (acts: readonly ActOnRecord[]) => ActEvent | null): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const event = decide(await this.all());
      if (event === null) return false;
      const expected = this.revision === -1 ? 'no-stream' : this.revision;
      const [verdict] = await this.log.append(STREAMS.approvals, expected, [newEvent(event, now)]);
      if (verdict?.status === 'accepted') return true;
      // A duplicate is the same decision by another process, a moment before: it is decided again, with that one on record.
      if (verdict?.status !== 'wrong-revision' && verdict?.status !== 'duplicate')
        throw new Error(
          `The event log did not record the ${event.name}: ${verdict?.status ?? 'no answer'}. Try again.`,
        );
    }
    throw new Error('Other processes record acts all the time: try again.');
  }

  private async refresh(): Promise<void> {
    for await (const page of this.log.read(STREAMS.approvals, this.revision + 1))
      for (const event of page) {
        // Two refreshes at the same time read the same events.
        if (event.revision <= this.revision) continue;
        this.acts = evolve(this.acts, event);
        this.revision = event.revision;
      }
  }
}

function newEvent({ name, by, data }: ActEvent, occurredAt: Instant) {
  const version = factOf(name)?.version ?? 0;
  const validity = validateFact(name, version, data);
  if (!validity.ok)
    throw new TypeError(`The data of a ${name} violate their contract: ${JSON.stringify(validity.errors)}`);
  const text = JSON.stringify(data);
  return {
    ...{ source: SOURCE, id: `${data.actId}:${name}`, type: name, schemaVersion: version, occurredAt },
    contentHash: createHash('sha256').update(text).digest().subarray(0, 16),
    ...{ meta: JSON.stringify({ by }), data: text },
  };
}
