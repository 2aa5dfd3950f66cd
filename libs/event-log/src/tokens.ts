/** `EventLog`, provided by `EventLogModule`. */
export const EVENT_LOG = Symbol.for('perennial.event-log');
/** `IdTable` of a log that cannot detect duplicates over its whole length; provided by projections where it is needed. */
export const ID_TABLE = Symbol.for('perennial.id-table');
