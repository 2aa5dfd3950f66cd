import type { Table } from '#database';

export const CUSTOMERS: Table = {
  name: 'customers',
  migrations: [
    /* sql */ `
    -- 001: One row per customer: the current phase with its cause, and the customer's figures. No value changes as time
    -- passes: when a deadline falls due, the processor folds the customer again and rewrites the row.
    -- digest_id is the smallest subject id of the component: the same whatever the order of arrival.
    -- orders count what survives; revenue is net, with payments for contracts; revenue_minor and currency are null when there are several currencies.
    -- waiting_until is the instant of the customer's first event that lies in the future.
    -- consents: what the customer allowed and withdrew, by purpose and medium, each with the event since which it holds.
    -- actions: what a channel should do next, from the treatments of the policy and the consents; perennial.actions has
    -- what was published of it.
    -- last_contact_at: the last touchpoint of the customer's own doing. retention: when they are to be erased by the policy in force at the fold, and why;
    -- retention_due_at is when its grace begins. Both null where no rule applies.
    -- wake_at is the earliest of next_due_at, waiting_until, the end of validity of each action, and the next instant at which time alone can
    -- change a membership of a segment.
    CREATE TABLE customers (
      customer_id       text COLLATE "C" PRIMARY KEY,
      digest_id         text COLLATE "C" NOT NULL,
      subjects          int NOT NULL,
      cycle             int NOT NULL,
      stage             text NOT NULL,
      phase             text NOT NULL,
      entered_at        timestamptz(3) NOT NULL,
      policy_version    text NOT NULL,
      cause             jsonb NOT NULL,
      first_seen_at     timestamptz(3) NOT NULL,
      last_seen_at      timestamptz(3) NOT NULL,
      touchpoints       int NOT NULL,
      orders            int NOT NULL,
      revenue_minor     bigint,
      currency          text,
      revenue           jsonb NOT NULL,
      first_purchase_at timestamptz(3),
      last_purchase_at  timestamptz(3),
      next_due_at       timestamptz(3),
      next_due_kind     text,
      flags             jsonb NOT NULL,
      profile           jsonb NOT NULL,
      folded_position   bigint NOT NULL,
      waiting_until     timestamptz(3),
      wake_at           timestamptz(3),
      consents          jsonb NOT NULL,
      actions           jsonb NOT NULL,
      last_contact_at   timestamptz(3),
      retention         jsonb,
      retention_due_at  timestamptz(3)
    );
    CREATE INDEX customers_by_stage ON customers (stage, phase, customer_id);
    CREATE INDEX customers_by_retention ON customers (retention_due_at, customer_id) WHERE retention_due_at IS NOT NULL;
    CREATE INDEX customers_by_wake ON customers (wake_at) WHERE wake_at IS NOT NULL;
    `,
    /* sql */ `
    -- 002: Figures of the relationship: satisfaction in thousandths and in words, null where it is not known; complaints, and complaints and cases, that are
    -- not resolved; customers that they brought; the rung of the loyalty ladder. wake_at is at the latest when satisfaction ceases to be known.
    ALTER TABLE customers
      ADD COLUMN satisfaction_permille int,
      ADD COLUMN satisfaction_grade    text,
      ADD COLUMN open_complaints       int NOT NULL,
      ADD COLUMN open_cases            int NOT NULL,
      ADD COLUMN referrals_converted   int NOT NULL,
      ADD COLUMN ladder_rung           text;
    `,
  ],
  columns: {
    customer_id: 'text',
    digest_id: 'text',
    subjects: 'int',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    entered_at: 'timestamptz',
    policy_version: 'text',
    cause: 'jsonb',
    first_seen_at: 'timestamptz',
    last_seen_at: 'timestamptz',
    touchpoints: 'int',
    orders: 'int',
    revenue_minor: 'bigint',
    currency: 'text',
    revenue: 'jsonb',
    first_purchase_at: 'timestamptz',
    last_purchase_at: 'timestamptz',
    next_due_at: 'timestamptz',
    next_due_kind: 'text',
    flags: 'jsonb',
    profile: 'jsonb',
    folded_position: 'bigint',
    waiting_until: 'timestamptz',
    wake_at: 'timestamptz',
    consents: 'jsonb',
    actions: 'jsonb',
    last_contact_at: 'timestamptz',
    retention: 'jsonb',
    retention_due_at: 'timestamptz',
    satisfaction_permille: 'int',
    satisfaction_grade: 'text',
    open_complaints: 'int',
    open_cases: 'int',
    referrals_converted: 'int',
    ladder_rung: 'text',
  },
  key: ['customer_id'],
  semantic: [
    'digest_id',
    'subjects',
    'cycle',
    'stage',
    'phase',
    'entered_at',
    'policy_version',
    'cause',
    'first_seen_at',
    'last_seen_at',
    'touchpoints',
    'orders',
    'revenue_minor',
    'currency',
    'revenue',
    'first_purchase_at',
    'last_purchase_at',
    'next_due_at',
    'next_due_kind',
    'flags',
    'profile',
    'waiting_until',
    'consents',
    'actions',
    'last_contact_at',
    'retention',
    'retention_due_at',
    'satisfaction_permille',
    'satisfaction_grade',
    'open_complaints',
    'open_cases',
    'referrals_converted',
    'ladder_rung',
  ],
};
