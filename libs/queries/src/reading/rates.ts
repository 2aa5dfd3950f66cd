import { streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import { RateTable, type PublishedRate } from '#lifecycle';

interface RateOnRecord extends PublishedRate {
  readonly position: number;
}

/** What was read of each log so far: its rates only grow in number. */
const READ = new WeakMap<EventLog, { revision: number; rates: readonly RateOnRecord[]; table: RateTable }>();

/** The rates that the business had published up to a position of the log: of two for the same day the later one counts. */
export async function ratesKnown(log: EventLog, position: number): Promise<RateTable> {
  const { rates, table } = await upToDate(log);
  const last = rates.at(-1);
  return last === undefined || last.position <= position
    ? table
    : new RateTable(rates.filter((rate) => rate.position <= position));
}

async function upToDate(log: EventLog): Promise<{ rates: readonly RateOnRecord[]; table: RateTable }> {
  const known = READ.get(log) ?? { revision: 0, rates: [], table: new RateTable() };
  let { revision } = known;
  const fresh: RateOnRecord[] = [];
  for await (const page of log.read(streamOfFact('rate-published'), revision))
    for (const event of page) {
      revision = event.revision + 1;
      if (event.type === 'rate-published')
        fresh.push({ ...(JSON.parse(event.data) as PublishedRate), position: event.position });
    }
  if (revision === known.revision) return known;
  const rates = [...known.rates, ...fresh];
  const current = { revision, rates, table: new RateTable(rates) };
  READ.set(log, current);
  return current;
}
