import type { Source } from '../source.js';
import type { Told } from '../stage-change.js';
import { tellings } from './stage-changes.js';
import { anyUnsent, carryUnsent, sayAgain, type Unsent } from './outbox.js';

export const OUTBOX: Unsent<Told> = {
  table: 'perennial.outbox',
  kept: false,
  number: 'publication',
  numberOf: ({ publication }) => publication,
  read: tellings,
};

/** What was published of customers' stages: the outbox has what is still to be told, `published` all of it. */
export const CHANGES: Source = {
  waiting: anyUnsent(OUTBOX),
  carry: (database, tell, now, round) => carryUnsent(database, OUTBOX, tell, now, round),
  again: (database, fromPosition) => sayAgain(database, OUTBOX, 'perennial.published', fromPosition),
};
