import { AnyOf, Day, Moment, Must } from '#contracts';

/**
 * The kind of a parameter that is an instant: a date-time with its offset, or a date alone, which is 00:00 of that day in the time
 * zone of the business. The class declares it as `Instant | null`; `parseParams` turns the text into the instant.
 */
export function InstantOrDay(): PropertyDecorator {
  const kind = AnyOf(Moment(), Day());
  const must = Must('a day, such as 2026-03-01, or a date-time with its offset, such as 2026-03-01T12:00:00Z');
  return (target, key) => {
    kind(target, key);
    must(target, key);
  };
}
