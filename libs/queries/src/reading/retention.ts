import { DAY, Describe, issueText, Optional, Text, TextAs, unreadable, type Instant } from '#contracts';
import { arrayText, instantText } from '#database';
import {
  BUILT_IN_POLICIES,
  periodOf,
  personRulesFrom,
  policyAt,
  retentionDue,
  subtractPeriod,
  validatePolicy,
  type PersonRuleInForce,
  type PolicyTimeline,
  type RetentionDue,
  type RetentionFacts,
  type RetentionRule,
} from '#lifecycle';
import { HoldRegister } from '#privacy';
import { InstantOrDay } from '../running/instant-or-day.js';
import type { Key } from '../running/cursor.js';
import type { QueryContext } from '../running/query.js';
import { erasedCondition } from './erased.js';
import { policiesKnown } from './policies.js';
import { inReadModels, type ReadModels } from './read-models.js';
import { memberSql, mustBeDefined, OF_SEGMENT } from './segments.js';
import { Where } from './where.js';

/** By default those who are due within so many days. */
const DAYS_AHEAD = 30;
/** Rows of customers are read in batches of so many. */
const BATCH = 2_000;
/** A time zone, and the end of a month, move a day by less than this. */
const SLACK = 4 * DAY;
const LENGTH_MAX = 8_192;

/** Which customers a preview is about. */
export class RetentionParams {
  @Optional()
  @InstantOrDay()
  @Describe(`those whose grace begins before this instant; ${DAYS_AHEAD} days from now by default`)
  until!: Instant | null;
  @Optional()
  @TextAs('a list of rules of retention as JSON', parsedRules)
  @Describe(
    'rules of retention as a policy states them, as JSON, as if a policy with them were published now; by default those of the policy in force',
  )
  rules!: readonly RetentionRule[] | null;
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
}

function parsedRules(text: string): { value: readonly RetentionRule[] } | ReturnType<typeof unreadable> {
  const hint = 'give a list such as [{"what":"person","after":"P3Y","since":"last-contact"}], or [] for none';
  if (text.length > LENGTH_MAX) return unreadable('is too long', hint);
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch {
    return unreadable('is not JSON', hint);
  }
  if (Array.isArray(rules) && rules.length === 0) return { value: [] };
  const verdict = validatePolicy({ ...BUILT_IN_POLICIES.retail, retention: rules });
  if (verdict.ok) return { value: verdict.policy.retention ?? [] };
  return unreadable(`is not a list of rules: ${verdict.errors.map((issue) => issueText(issue)).join('; ')}`, hint);
}

/** A customer who is due, or will be by the instant that was asked for. */
export interface DueCustomer {
  readonly customerId: string;
  readonly retention: RetentionDue;
  /** `coming`: before grace. `grace`: the customer is told. `over`: they are erased, unless something keeps them. */
  readonly state: 'coming' | 'grace' | 'over';
}

/** What a preview rests on: the rules of a draft with their zone; null for what the read models hold of the policy in force. */
interface Draft {
  readonly rules: readonly PersonRuleInForce[];
  readonly timeZone: string;
}

const DRAFT_VERSION = 'draft';

/** Runs `work` with the customers who are due, in batches from after a key on; all batches are about one moment of the read models. */
export async function withDueCustomers<T>(
  context: QueryContext,
  { until, rules, segment }: RetentionParams,
  { timeZone, after }: { readonly timeZone: string; readonly after: Key | null },
  work: (batches: AsyncIterable<readonly DueCustomer[]>, models: ReadModels) => Promise<T>,
): Promise<T> {
  const now = context.clock.now();
  const end = until ?? now + DAYS_AHEAD * DAY;
  const draft = rules === null ? null : draftOf(rules, timeZone, await policiesKnown(context.log, null), now);
  return inReadModels(context.database, async (models) => {
    if (segment !== null) await mustBeDefined(models, segment);
    const wanted: Wanted = { until: end, now, after, segment };
    return work(draft === null ? inForce(models, wanted) : ofDraft(models, draft, wanted), models);
  });
}

/** Where a page of the preview ends: by the day of grace in force, by the id of the customer for a draft. */
export const keyOfDue =
  ({ rules }: RetentionParams) =>
  ({ customerId, retention: { dueAt } }: DueCustomer): Key =>
    rules === null ? [dueAt, customerId] : [customerId];

/** The customers of these that a legal hold keeps. */
export async function heldAmong(
  { log }: Pick<QueryContext, 'log'>,
  models: ReadModels,
  customerIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const register = new HoldRegister(log);
  const { holds } = await register.load();
  if (holds.size === 0 || customerIds.length === 0) return new Set();
  const rows = await models.query<{ customerId: string; subjectId: string }>(
    `SELECT customer_id AS "customerId", subject_id AS "subjectId" FROM subjects WHERE customer_id = ANY($1::text[])`,
    [arrayText(customerIds)],
  );
  const held = new Set([...holds.values()].flatMap(({ lifted, subjectIds }) => (lifted === null ? subjectIds : [])));
  return new Set(rows.filter(({ subjectId }) => held.has(subjectId)).map(({ customerId }) => customerId));
}

/** The rules as if they were published now: those that are in force already go on. */
function draftOf(rules: readonly RetentionRule[], timeZone: string, known: PolicyTimeline, now: Instant): Draft {
  const current = policyAt(known, now);
  const policy = { ...current.policy, timeZone, retention: rules };
  return { rules: personRulesFrom(policy, now, current), timeZone };
}

const NOT_ERASED = erasedCondition('without', 'c.customer_id');

/** Which customers of a preview are read. */
interface Wanted {
  readonly until: Instant;
  readonly now: Instant;
  readonly after: Key | null;
  readonly segment: string | null;
}

async function* inForce(
  models: ReadModels,
  { until, now, after, segment }: Wanted,
): AsyncGenerator<readonly DueCustomer[]> {
  let [at, id] = after === null ? ['-infinity', ''] : [instantText(Number(after[0])), String(after[1])];
  for (;;) {
    const where = new Where(instantText(until), at, id, BATCH);
    const member = segment === null ? 'true' : memberSql(where, segment, 'c.customer_id');
    const rows = await models.query<{ customerId: string; retention: RetentionDue }>(
      `SELECT c.customer_id AS "customerId", c.retention FROM customers c
        WHERE c.retention_due_at < $1::timestamptz AND (c.retention_due_at, c.customer_id) > ($2::timestamptz, $3::text) AND ${NOT_ERASED}
          AND ${member}
        ORDER BY c.retention_due_at, c.customer_id LIMIT $4::int`,
      where.params,
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => ({ ...row, state: stateAt(row.retention, now) }));
    if (rows.length < BATCH) return;
    [at, id] = [instantText(last.retention.dueAt), last.customerId];
  }
}

interface FactsRow extends Record<string, unknown> {
  readonly customerId: string;
  readonly lastContactAt: Instant | null;
  readonly lastPurchaseAt: Instant | null;
  readonly contracts: RetentionFacts['contracts'];
}

async function* ofDraft(
  models: ReadModels,
  { rules, timeZone }: Draft,
  { until, now, after, segment }: Wanted,
): AsyncGenerator<readonly DueCustomer[]> {
  if (rules.length === 0) return;
  let id = after === null ? '' : String(after[0]);
  const bounds = new Map(
    rules.map(({ rule }) => [rule.since, instantText(subtractPeriod(until, periodOf(rule.after), timeZone) + SLACK)]),
  );
  const params = [
    bounds.get('last-contact') ?? null,
    bounds.get('last-purchase') ?? null,
    bounds.get('end-of-relationship') ?? null,
  ];
  for (;;) {
    const where = new Where(...params, id, BATCH);
    const member = segment === null ? 'true' : memberSql(where, segment, 'c.customer_id');
    const rows = await models.query<FactsRow>(
      `SELECT c.customer_id AS "customerId", c.last_contact_at AS "lastContactAt", c.last_purchase_at AS "lastPurchaseAt",
              c.profile -> 'contracts' AS contracts
         FROM customers c
        WHERE c.customer_id > $4::text AND ${NOT_ERASED} AND ${member}
          AND (c.last_contact_at < $1::timestamptz OR c.last_purchase_at < $2::timestamptz
               OR ($3::timestamptz IS NOT NULL AND (c.last_purchase_at IS NULL OR c.last_purchase_at < $3::timestamptz)))
        ORDER BY c.customer_id LIMIT $5::int`,
      where.params,
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.flatMap(({ customerId, ...facts }) => {
      const retention = retentionDue(facts, rules, { timeZone, version: DRAFT_VERSION });
      return retention === null || retention.dueAt >= until
        ? []
        : [{ customerId, retention, state: stateAt(retention, now) }];
    });
    if (rows.length < BATCH) return;
    id = last.customerId;
  }
}

function stateAt({ dueAt, graceEndsAt }: RetentionDue, now: Instant): DueCustomer['state'] {
  if (dueAt > now) return 'coming';
  return graceEndsAt > now ? 'grace' : 'over';
}
