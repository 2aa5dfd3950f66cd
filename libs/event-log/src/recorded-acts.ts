import { createHash, randomUUID } from 'node:crypto';
import { factOf, formatInstant, STREAMS, validateFact } from '#contracts';
import type { Act, Acts, Clock } from '#platform';
import type { EventLog } from './port.js';

/** The source of administrative acts: no channel may send under it. */
const SOURCE = 'perennial/access';
const DAY_LENGTH = 10;

/** Records administrative acts in the log: each is an event in the stream of its UTC day, with who did it in its `meta`. */
export class RecordedActs implements Acts {
  constructor(
    private readonly log: Pick<EventLog, 'append'>,
    private readonly clock: Clock,
  ) {}

  /** @throws TypeError where the data violate their contract: that is a defect of the engine */
  async record({ name, by, data, id = randomUUID() }: Act): Promise<void> {
    const version = factOf(name)?.version ?? 0;
    const validity = validateFact(name, version, data);
    if (!validity.ok)
      throw new TypeError(`The data of a ${name} violate their contract: ${JSON.stringify(validity.errors)}`);
    const occurredAt = this.clock.now();
    const text = JSON.stringify(data);
    const [verdict] = await this.log.append(STREAMS.access(formatInstant(occurredAt).slice(0, DAY_LENGTH)), 'any', [
      {
        ...{ source: SOURCE, id, type: name, schemaVersion: version, occurredAt },
        contentHash: createHash('sha256').update(text).digest().subarray(0, 16),
        ...{ meta: JSON.stringify({ by }), data: text },
      },
    ]);
    if (verdict?.status !== 'accepted' && verdict?.status !== 'duplicate')
      throw new Error(`The event log did not record the ${name}: ${verdict?.status ?? 'no answer'}. Try again.`);
  }
}
