import type { Params } from './params.js';
import type { QueryDefinition } from './query.js';

/** Rows in a page of JSON by default, and the most that `limit` may ask for. */
export const PAGE_SIZE = { default: 100, maximum: 1000 } as const;

const AS_OF = {
  'as-of': {
    type: 'instant',
    description:
      'what was true at this instant; a date alone means 00:00 of that day in the time zone of the business. Default: now.',
  },
} as const satisfies Params;

const KNOWN_AT = {
  'known-at': {
    type: 'instant',
    description:
      'what was believed at this instant: events recorded later are left out. Default: everything known now.',
  },
} as const satisfies Params;

const PAGING = {
  limit: {
    type: 'int',
    minimum: 1,
    maximum: PAGE_SIZE.maximum,
    description: `at most this many rows. JSON gives ${PAGE_SIZE.default} by default; CSV and NDJSON give all of them.`,
  },
  cursor: {
    type: 'text',
    // Where an answer is read from the log it holds a number for each stream of a customer.
    maxLength: 4096,
    pattern: /^[A-Za-z0-9_-]+$/,
    description: 'nextCursor of the page before, with the same parameters.',
    hint: 'Send nextCursor unchanged; or leave it out to begin again.',
  },
} as const satisfies Params;

/** Every parameter of a query: its own, then those of time and paging. */
export function allParams({ params, time, paged }: Pick<QueryDefinition, 'params' | 'time' | 'paged'>): Params {
  return {
    ...params,
    ...(time === 'none' ? {} : AS_OF),
    ...(time === 'as-of and known-at' ? KNOWN_AT : {}),
    ...(paged ? PAGING : {}),
  };
}
