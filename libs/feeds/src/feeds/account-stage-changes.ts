import { createHash } from 'node:crypto';
import { formatInstant } from '#contracts';
import type { Queryable, Row } from '#database';
import type { Feed } from '../feed.js';
import type { AccountStageChange } from '../outbox-message.js';
import type { OutboxSource } from '../outbox-source.js';
import { anyPending, drainOutbox, replayOutbox, type OutboxTable } from '../relay/outbox.js';
import { EPOCH } from './epoch.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

interface PublishedRow extends Row {
  readonly account_id: string;
  readonly publication: number;
  readonly kind: AccountStageChange['kind'];
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly entered_at: number;
  readonly at: number;
  readonly reason: string | null;
  readonly retracts: number | null;
  readonly historical: boolean;
  readonly cause: unknown;
  readonly policy_version: string | null;
  readonly source: string;
  readonly reference: string | null;
  readonly account_kind: string;
  /** Null in a database whose projector has not recorded its log yet. */
  readonly epoch: number | null;
}

/** Loads stage changes of accounts, each account's in order: `which` selects account_id and publication. */
async function loadAccountStageChanges(
  database: Queryable,
  which: string,
  params: readonly unknown[],
): Promise<AccountStageChange[]> {
  const rows = await database.query<PublishedRow>(
    `WITH o AS (${which}) SELECT p.*, (SELECT epoch FROM perennial.log_identity) AS epoch
       FROM o JOIN perennial.accounts_published p USING (account_id, publication) ORDER BY account_id, publication`,
    params,
  );
  return rows.map((row) => ({
    messageId: messageId(row),
    accountId: row.account_id,
    number: row.publication,
    epoch: row.epoch ?? 0,
    source: row.source,
    reference: row.reference,
    accountKind: row.account_kind,
    kind: row.kind,
    cycle: row.cycle,
    stage: row.stage,
    phase: row.phase,
    enteredAt: row.entered_at,
    at: row.at,
    historical: row.historical,
    reason: row.reason,
    retracts: row.retracts,
    cause: row.cause,
    policyVersion: row.policy_version,
  }));
}

/** The same however often the message is sent. */
function messageId(row: PublishedRow): string {
  const period = [row.account_id, row.cycle, row.stage, row.phase, row.entered_at, row.at];
  const name = JSON.stringify(['account', ...period, row.kind, row.publication, row.epoch ?? 0]);
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

export const ACCOUNT_CHANGES_OUTBOX: OutboxTable<AccountStageChange> = {
  table: 'perennial.account_outbox',
  owner: 'account_id',
  ownerOf: ({ accountId }) => accountId,
  keepsPublished: false,
  sequence: 'publication',
  sequenceOf: ({ number }) => number,
  read: loadAccountStageChanges,
};

/** Stage changes of accounts: `account_outbox` holds the numbers of the pending ones, `accounts_published` holds every change. */
const ACCOUNT_CHANGES_SOURCE: OutboxSource = {
  pending: anyPending(ACCOUNT_CHANGES_OUTBOX),
  drain: (database, publish, now, cursor) => drainOutbox(database, ACCOUNT_CHANGES_OUTBOX, publish, now, cursor),
  replay: (database, fromPosition) =>
    replayOutbox(database, ACCOUNT_CHANGES_OUTBOX, 'perennial.accounts_published', fromPosition),
};

const ID = { type: 'string', pattern: '^[0-9a-f]{32}$' };
const MOMENT = { type: 'string', format: 'date-time' };

/** The stages of accounts: each stage period that began, ended, or was retracted. */
export const ACCOUNT_STAGE_CHANGES: Feed = {
  name: 'perennial.account-stage-changes',
  type: 'perennial.account-stage-changed',
  meaning:
    'An account (a household, a company) entered a phase, left it, or an earlier change was retracted. Its members stand where they stand by themselves: see perennial.stage-changes.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: [
      ...['accountId', 'source', 'accountKind', 'publication', 'kind', 'cycle', 'stage', 'phase', 'enteredAt', 'at'],
      'historical',
    ],
    properties: {
      accountId: { ...ID, description: 'A hash of the source and of the id that the source gives the account.' },
      source: { type: 'string', description: 'The source whose touchpoints join customers to the account.' },
      reference: {
        type: 'string',
        description:
          'The id that the source gives the account; absent of a household, and where no touchpoint says what the account is.',
      },
      accountKind: { enum: ['household', 'company', 'other'] },
      publication: {
        type: 'integer',
        minimum: 1,
        description: 'Counts the stage changes of this account in this epoch, from 1.',
      },
      epoch: EPOCH,
      kind: { enum: ['entered', 'left', 'retracted'] },
      cycle: { type: 'integer', description: 'The account’s lifecycle cycle, from 1.' },
      stage: { type: 'string' },
      phase: { type: 'string' },
      enteredAt: { ...MOMENT, description: 'When the stage period began.' },
      at: { ...MOMENT, description: 'The instant of the change: the stage period’s beginning or its end.' },
      historical: {
        type: 'boolean',
        description:
          'The change lay more than 24 hours in the past when it became known, or follows from a policy that restates the past, or was published before in an epoch that was lost: record it, and do not act on it.',
      },
      retracts: { type: 'integer', minimum: 1, description: 'The publication that no longer holds.' },
      reason: {
        enum: ['late-event', 'merge', 'unmerge', 'policy-changed', 'policy-restated', 'rebuild'],
        description: 'Why it no longer holds.',
      },
      cause: {
        type: 'object',
        description:
          'Why the account moved at that instant: the rule, the events or the deadline, the values compared.',
      },
      policyVersion: { type: 'string', description: 'The policy version whose rule it was.' },
    },
  },
  source: ACCOUNT_CHANGES_SOURCE,
  messageFor: (record) => ('accountId' in record ? messageFor(record) : null),
};

function messageFor(change: AccountStageChange): ReturnType<Feed['messageFor']> {
  const { accountId, source, accountKind, kind, cycle, stage, phase } = change;
  return {
    id: change.messageId,
    key: accountId,
    at: change.at,
    data: {
      ...{ accountId, source, ...(change.reference === null ? {} : { reference: change.reference }), accountKind },
      publication: change.number,
      ...(change.epoch === 0 ? {} : { epoch: change.epoch }),
      ...{ kind, cycle, stage, phase },
      enteredAt: formatInstant(change.enteredAt),
      at: formatInstant(change.at),
      historical: change.historical,
      ...(change.retracts === null ? {} : { retracts: change.retracts, reason: change.reason }),
      ...(change.cause === null ? {} : { cause: change.cause, policyVersion: change.policyVersion }),
    },
  };
}
