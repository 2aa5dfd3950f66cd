import { Describe, OneOf, Optional, Text, Whole, type Instant } from '#contracts';
import { instantText } from '#database';
import { ACCOUNT_COLUMNS, ACCOUNT_KINDS } from '../reading/account-columns.js';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { inReadModels } from '../reading/read-models.js';
import { PHASES, STAGES } from '../reading/stages.js';
import { Where } from '../reading/where.js';
import { InstantOrDay } from '../running/instant-or-day.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

const instantOrNull = (at: Instant | null): string | null => (at === null ? null : instantText(at));

class AccountsParams {
  @Optional() @OneOf(...ACCOUNT_KINDS) @Describe('only accounts of this kind') kind!: string | null;
  @Optional() @OneOf(...STAGES) @Describe('only those in this stage') stage!: string | null;
  @Optional() @OneOf(...PHASES) @Describe('only those in this phase') phase!: string | null;
  @Optional() @Text(512) @Describe('only those of this source') source!: string | null;
  @Optional() @Whole(0, 1_000_000_000) @Describe('only those with at least so many members now') 'members-min'!:
    number | null;
  @Optional()
  @InstantOrDay()
  @Describe('only those that entered their phase at this instant or later')
  'entered-since'!: Instant | null;
  @Optional()
  @InstantOrDay()
  @Describe('only those whose next deadline lies before this instant')
  'next-due-before'!: Instant | null;
}

/** Where the accounts stand: households and companies by stage and kind. */
export const accounts = query({
  name: 'accounts',
  summary: 'Accounts (households, companies) by stage, phase, kind and members.',
  description:
    'One row for each account, ordered by accountId. An account has a stage of its own: that of a customer who did what its members did, each from joining to leaving. Members stand where they stand by themselves.',
  permission: 'read',
  params: AccountsParams,
  time: 'none',
  paged: true,
  columns: [
    ...ACCOUNT_COLUMNS,
    ...PLACE_COLUMNS,
    { name: 'enteredAt', type: 'instant', description: 'since when' },
    { name: 'cause', type: 'text', description: 'the rule by which the account entered it' },
    { name: 'members', type: 'integer', description: 'how many customers are members now' },
    { name: 'orders', type: 'integer', description: 'surviving orders of members, placed while members' },
    {
      name: 'revenueMinor',
      type: 'integer',
      nullable: true,
      description: 'net, with payments for contracts, in minor units; null in several currencies',
    },
    { name: 'currency', type: 'text', nullable: true, description: 'ISO 4217; null where there is none or several' },
    { name: 'lastSeenAt', type: 'instant', description: 'the last touchpoint of a member' },
    { name: 'lastPurchaseAt', type: 'instant', nullable: true, description: 'the last surviving purchase' },
    { name: 'nextDueAt', type: 'instant', nullable: true, description: 'when silence moves the account next' },
    { name: 'nextDueKind', type: 'text', nullable: true, description: 'what silence does then' },
    { name: 'flags', type: 'json', description: 'flags of the account' },
  ],
  async answer(context, { params, after, limit }) {
    const { rows, position } = await inReadModels(context.database, async (models) => {
      const where = new Where(limit + 1)
        .and('account_id > ?::text', after === null ? null : after[0])
        .and('kind = ?::text', params.kind)
        .and('stage = ?::text', params.stage)
        .and('phase = ?::text', params.phase)
        .and('source = ?::text', params.source)
        .and('members >= ?::int', params['members-min'])
        .and('entered_at >= ?::timestamptz', instantOrNull(params['entered-since']))
        .and('next_due_at < ?::timestamptz', instantOrNull(params['next-due-before']));
      const rows = await models.query<{ accountId: string }>(
        `SELECT account_id AS "accountId", source, reference, kind, cycle, stage, phase, entered_at AS "enteredAt",
                cause ->> 'rule' AS cause, members, orders, revenue_minor AS "revenueMinor", currency, last_seen_at AS "lastSeenAt",
                last_purchase_at AS "lastPurchaseAt", next_due_at AS "nextDueAt", next_due_kind AS "nextDueKind", flags
           FROM accounts ${where.sql} ORDER BY account_id LIMIT $1::int`,
        where.params,
      );
      return { rows, position: models.position };
    });
    return { ...pageOf(rows, limit, (last) => [last.accountId]), position };
  },
});
