import { compareNamespaces, Default, Describe, Flag, formatInstant, type Instant } from '#contracts';
import { explainActions, policyAt, withheldActions, type Consent, type NextAction, type Policy } from '#lifecycle';
import { instantOf, withInstants } from '../running/answer.js';
import { query, type AnswerRow, type QueryContext } from '../running/query.js';
import { ALLOWED_COLUMNS, HELD_COLUMN, STANDING_COLUMNS } from '../reading/columns.js';
import { attributeRows } from '../reading/attribute-rows.js';
import { heldFor, notHeld, shownHeld, type HeldAction } from '../reading/held-actions.js';
import { policiesKnown } from '../reading/policies.js';
import { decisionsOnRecord } from '../reading/decisions.js';
import { DECISIONS_COLUMN, decisionsShown } from '../reading/decisions-shown.js';
import { inReadModels } from '../reading/read-models.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';

class CustomerParams extends OneCustomer {
  @Default(false)
  @Flag()
  @Describe('whether to show what is known of them beside their stage: each attribute with its value and history')
  attributes!: boolean;
}

/** The profile: who they are, where the customer stands and why, what the relationship amounts to. */
export const customer = query({
  name: 'customer',
  summary: "One customer's profile: who they are, where the customer stands and why, what the relationship amounts to.",
  description:
    'By their id, by the id of any subject of theirs, or by an identifier. An id from before a merge keeps working.',
  permission: 'read',
  params: CustomerParams,
  time: 'none',
  paged: false,
  opens: ['identifiers', 'attributes'],
  opensFor: ({ attributes }) => (attributes ? ['identifiers', 'attributes'] : ['identifiers']),
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    {
      name: 'identifiers',
      type: 'json',
      description:
        'how channels call them, the strongest first; values are null without a purpose that is granted, or once erased',
    },
    ...STANDING_COLUMNS,
    ...ALLOWED_COLUMNS,
    HELD_COLUMN,
    DECISIONS_COLUMN,
    {
      name: 'profile',
      type: 'json',
      description: 'the other results of the fold: contracts, silence bounds and the like',
    },
    {
      name: 'accounts',
      type: 'json',
      description:
        'the accounts (households, companies) that they belong or belonged to: part, joinedAt, leftAt (null while a member), and where the account stands now',
    },
    {
      name: 'attributes',
      type: 'json',
      nullable: true,
      description:
        'each attribute: the value that holds, from which source, since when, and its history; stated values are null without a purpose, and closed attributes are then left out. Null where it was not asked for',
    },
    {
      name: 'parked',
      type: 'json',
      nullable: true,
      description: 'why the customer is parked; null when not parked',
    },
    { name: 'policyVersion', type: 'text', description: 'the policy in force when they were folded' },
  ],
  async answer(context, { params, asOf }) {
    const subjectId = await namedSubject(context, params);
    const { policy } = policyAt(await policiesKnown(context.log, null), asOf);
    const found = await inReadModels(context.database, async (models) => {
      const customerId = await customerOf(models, subjectId, params);
      const [row] = await models.query(
        `SELECT c.customer_id AS "customerId", c.cycle, c.stage, c.phase, c.entered_at AS "enteredAt", c.cause,
                c.next_due_at AS "nextDueAt", c.next_due_kind AS "nextDueKind", c.flags, c.first_seen_at AS "firstSeenAt",
                c.last_seen_at AS "lastSeenAt", c.touchpoints, c.orders, c.revenue,
                c.first_purchase_at AS "firstPurchaseAt", c.last_purchase_at AS "lastPurchaseAt", c.profile,
                to_jsonb(c) -> 'consents' AS consents, to_jsonb(c) -> 'actions' AS actions,
                c.policy_version AS "policyVersion",
                (SELECT jsonb_build_object('reason', p.reason, 'detail', p.detail)
                   FROM parked p WHERE p.customer_id = c.customer_id) AS parked
           FROM customers c WHERE c.customer_id = $1::text`,
        [customerId],
      );
      const subjects = await models.query<SubjectRow>(
        `SELECT subject_id, namespace, sealed, first_seen_at FROM subjects
          WHERE customer_id = $1::text ORDER BY first_position`,
        [customerId],
      );
      const accounts = await models.query(
        `SELECT m.account_id AS "accountId", a.source, a.reference, a.kind, m.part, m.joined_at AS "joinedAt", m.left_at AS "leftAt",
                a.stage, a.phase
           FROM account_memberships m JOIN accounts a ON a.account_id = m.account_id
          WHERE m.customer_id = $1::text ORDER BY m.joined_at, m.account_id`,
        [customerId],
      );
      const held = row === undefined ? [] : await heldFor(models, customerId);
      return { row, subjects, accounts, held, position: models.position };
    });
    const { row, subjects, accounts, held, position } = found;
    const { decisions } = await decisionsOnRecord(context.log);
    const subjectIds = subjects.map(({ subject_id: id }) => id);
    const attributes = params.attributes
      ? profileAttributes(await attributeRows(context, subjectIds, { position, asOf, name: null, history: true }))
      : null;
    // A customer with test traffic only has subjects, and no place in the lifecycle.
    const rows =
      row === undefined
        ? []
        : [
            {
              ...row,
              ...allowedIn(row, { held, policy, asOf }),
              cause: withInstants(row['cause']),
              profile: withInstants(row['profile']),
              accounts: withInstants(accounts),
              identifiers: await opened(context, subjects),
              attributes,
              decisions: decisionsShown(decisions, subjectIds, { position, asOf }),
            },
          ];
    return { rows, next: null, position };
  },
});

/** Attributes with the values that held before below each. A closed one that stays closed is left out: not even its name is shown. */
function profileAttributes(rows: readonly AnswerRow[]): unknown {
  const byName = new Map<string, AnswerRow[]>();
  for (const row of rows) {
    const { kind, name } = row;
    const key = `${String(kind)} ${String(name)}`;
    const found = byName.get(key);
    if (found === undefined) byName.set(key, [row]);
    else found.push(row);
  }
  return withInstants(
    [...byName.values()].flatMap((each) => {
      const holding = each.find(({ until }) => until === null) ?? null;
      const history = each
        .filter((row) => row !== holding)
        .map(({ value, band, source, eventId, since, until }) => ({ value, band, source, eventId, since, until }));
      const [first] = each;
      if (first === undefined || (first['use'] === 'closed' && each.every(({ source }) => source === null))) return [];
      const { name, kind, use, version } = first;
      const {
        value = null,
        band = null,
        source = null,
        eventId = null,
        since = null,
        changesAt = null,
      } = holding ?? {};
      return [{ name, value, band, source, eventId, since, changesAt, kind, use, version, history }];
    }),
  );
}

/** Read models that another program made have no consents, or none with their events: they serve until they are rebuilt. */
function allowedIn(
  row: Readonly<Record<string, unknown>>,
  { held, policy, asOf }: { readonly held: readonly HeldAction[]; readonly policy: Policy; readonly asOf: Instant },
): Readonly<Record<string, unknown>> {
  const { consents, actions } = explainActions(
    {
      consents: (row['consents'] ?? []) as readonly Consent[],
      actions: (row['actions'] ?? []) as readonly NextAction[],
      cause: row['cause'] as { readonly rule: string },
    },
    asOf,
  );
  const standing = {
    stage: row['stage'] as string,
    phase: row['phase'] as string,
    enteredAt: instantOf(row['enteredAt']),
    consents: (row['consents'] ?? []) as readonly Consent[],
  };
  return {
    consents: withInstants(consents),
    actions: withInstants(notHeld(actions, held)),
    heldActions: withInstants(shownHeld(held, withheldActions(standing, policy, asOf))),
  };
}

interface SubjectRow extends Record<string, unknown> {
  readonly subject_id: string;
  readonly namespace: string;
  readonly sealed: string | null;
  readonly first_seen_at: unknown;
}

async function opened(context: QueryContext, subjects: readonly SubjectRow[]): Promise<unknown[]> {
  const strongest = [...subjects].sort((a, b) => compareNamespaces(a.namespace, b.namespace));
  const values = await context.personalData.open(
    strongest.map(({ subject_id, sealed }) => ({ subjectId: subject_id, sealed })),
  );
  return strongest.map((subject, index) => ({
    namespace: subject.namespace,
    value: values[index] ?? null,
    subjectId: subject.subject_id,
    firstSeenAt: formatInstant(instantOf(subject.first_seen_at)),
  }));
}
