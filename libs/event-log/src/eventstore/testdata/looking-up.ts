import type { EventLog, Verdict } from '../../port.js';

/**
 * The same log, whose batches need no positions; those of accepted events are looked up afterwards, as a caller would that needs one after
 * all. So what is expected of a log can be expected of such batches too.
 */
export function lookingUp(log: EventLog): EventLog {
  return new Proxy(log, {
    get(target, property) {
      if (property === 'appendMany')
        return async (...[items, receipts]: Parameters<EventLog['appendMany']>): Promise<readonly Verdict[]> => {
          const verdicts = await target.appendMany(items, receipts, { positions: 'not-below' });
          const found = await target.find(items.map(({ event }) => event));
          return verdicts.map((verdict, at) => {
            if (verdict.status !== 'accepted') return verdict;
            const event = found[at];
            if (event?.revision !== verdict.revision || event.position > verdict.position)
              throw new Error(`The verdict ${JSON.stringify(verdict)} is not that of ${JSON.stringify(event)}.`);
            return { ...verdict, position: event.position };
          });
        };
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
