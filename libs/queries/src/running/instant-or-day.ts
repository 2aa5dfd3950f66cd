import { AnyOf, Day, Moment } from '#contracts';

/**
 * The kind of a parameter that is an instant: a date-time with its offset, or a date alone, which is 00:00 of that day in the time
 * zone of the business. The class declares it as `Instant | null`; `parseParams` turns the text into the instant.
 */
export const InstantOrDay = (): PropertyDecorator => AnyOf(Moment(), Day());
