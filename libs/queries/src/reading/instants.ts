import type { Instant } from '#contracts';

/** An instant as a parameter of SQL. */
export const isoOf = (at: Instant): string => new Date(at).toISOString();

/** The same where it may be absent. */
export const isoOrNull = (at: Instant | null): string | null => (at === null ? null : isoOf(at));
