import type { Table } from '#database';

/** What an account is to the engine: a stage of its own, and figures. A household is known by its hash alone. */
export const ACCOUNTS: Table = {
  name: 'accounts',
  migrations: [
    /* sql */ `
    -- 001: One row per account with a touchpoint of a member. account_id is a hash of the source and of the id that the source
    -- gives the account; reference is that id, null where the account is a household or where no touchpoint says what it
    -- is: such an id may name a person. kind: as a member's touchpoint stated last. members: how many customers are members now; members_ever: how
    -- many were at some time. The other columns mean what those of customers mean. wake_at: the earliest of next_due_at and
    -- waiting_until.
    CREATE TABLE accounts (
      account_id        text COLLATE "C" PRIMARY KEY,
      source            text COLLATE "C" NOT NULL,
      reference         text COLLATE "C",
      kind              text NOT NULL,
      members           int NOT NULL,
      members_ever      int NOT NULL,
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
      contracts         jsonb NOT NULL,
      folded_position   bigint NOT NULL,
      waiting_until     timestamptz(3),
      wake_at           timestamptz(3)
    );
    CREATE INDEX accounts_by_stage ON accounts (stage, phase, account_id);
    CREATE INDEX accounts_by_wake ON accounts (wake_at) WHERE wake_at IS NOT NULL;
    `,
  ],
  columns: {
    account_id: 'text',
    source: 'text',
    reference: 'text',
    kind: 'text',
    members: 'int',
    members_ever: 'int',
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
    contracts: 'jsonb',
    folded_position: 'bigint',
    waiting_until: 'timestamptz',
    wake_at: 'timestamptz',
  },
  key: ['account_id'],
  semantic: [
    ...['account_id', 'source', 'reference', 'kind', 'members', 'members_ever', 'cycle', 'stage', 'phase'],
    ...['entered_at', 'policy_version', 'cause', 'first_seen_at', 'last_seen_at', 'touchpoints', 'orders'],
    ...[
      'revenue_minor',
      'currency',
      'revenue',
      'first_purchase_at',
      'last_purchase_at',
      'next_due_at',
      'next_due_kind',
    ],
    ...['flags', 'contracts', 'waiting_until'],
  ],
};

/** Who was a member of an account from when to when. */
export const MEMBERSHIPS: Table = {
  name: 'account_memberships',
  migrations: [
    /* sql */ `
    -- 001: One row for each stay of a customer in an account: from joined_at on, without left_at itself, which is null while
    -- the stay lasts. part: what the customer is in the account, as last stated during the stay.
    CREATE TABLE account_memberships (
      account_id  text COLLATE "C" NOT NULL,
      customer_id text COLLATE "C" NOT NULL,
      joined_at   timestamptz(3) NOT NULL,
      left_at     timestamptz(3),
      part        text,
      PRIMARY KEY (account_id, customer_id, joined_at)
    );
    CREATE INDEX account_memberships_by_customer ON account_memberships (customer_id, joined_at);
    `,
  ],
  columns: {
    account_id: 'text',
    customer_id: 'text',
    joined_at: 'timestamptz',
    left_at: 'timestamptz',
    part: 'text',
  },
  key: ['account_id', 'customer_id', 'joined_at'],
  semantic: ['account_id', 'customer_id', 'joined_at', 'left_at', 'part'],
};

/** The stays of accounts in phases. */
export const ACCOUNT_STAGE_PERIODS: Table = {
  name: 'account_stage_periods',
  migrations: [
    /* sql */ `
    -- 001: One row for each stay of an account in a phase, as in stage_periods.
    CREATE TABLE account_stage_periods (
      account_id     text COLLATE "C" NOT NULL,
      seq            int NOT NULL,
      cycle          int NOT NULL,
      stage          text NOT NULL,
      phase          text NOT NULL,
      entered_at     timestamptz(3) NOT NULL,
      left_at        timestamptz(3),
      cause          jsonb NOT NULL,
      policy_version text NOT NULL,
      PRIMARY KEY (account_id, seq)
    );
    `,
  ],
  columns: {
    account_id: 'text',
    seq: 'int',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    entered_at: 'timestamptz',
    left_at: 'timestamptz',
    cause: 'jsonb',
    policy_version: 'text',
  },
  key: ['account_id', 'seq'],
  semantic: ['account_id', 'seq', 'cycle', 'stage', 'phase', 'entered_at', 'left_at', 'cause', 'policy_version'],
};

/** Money as the accounts booked it. */
export const ACCOUNT_BOOKINGS: Table = {
  name: 'account_bookings',
  migrations: [
    /* sql */ `
    -- 001: One row per booking of an account, as in bookings: what its members bought, paid and took back while members. A
    -- member may take back what another bought: that is a booking of the account's order, and adrift among the bookings
    -- of the member.
    CREATE TABLE account_bookings (
      account_id   text COLLATE "C" NOT NULL,
      order_id     text COLLATE "C",
      at           timestamptz(3) NOT NULL,
      kind         text NOT NULL,
      amount_minor bigint NOT NULL,
      currency     text NOT NULL,
      cost_minor   bigint,
      reverses     boolean NOT NULL,
      source       text COLLATE "C" NOT NULL,
      event_id     text COLLATE "C" NOT NULL,
      order_source text COLLATE "C",
      order_at     timestamptz(3),
      contract_id  text COLLATE "C",
      voided_at    timestamptz(3),
      brand        text COLLATE "C"
    );
    CREATE INDEX account_bookings_by_account ON account_bookings (account_id, at);
    `,
  ],
  columns: {
    account_id: 'text',
    order_id: 'text',
    at: 'timestamptz',
    kind: 'text',
    amount_minor: 'bigint',
    currency: 'text',
    cost_minor: 'bigint',
    reverses: 'boolean',
    source: 'text',
    event_id: 'text',
    order_source: 'text',
    order_at: 'timestamptz',
    contract_id: 'text',
    voided_at: 'timestamptz',
    brand: 'text',
  },
  key: ['account_id', 'source', 'event_id', 'at'],
  semantic: [
    ...['account_id', 'order_id', 'at', 'kind', 'amount_minor', 'currency', 'cost_minor', 'reverses', 'source'],
    ...['event_id', 'order_source', 'order_at', 'contract_id', 'voided_at', 'brand'],
  ],
};

/** What the log says of memberships: written by the indexer. */
export const MEMBERSHIP_CHANGES: Table = {
  name: 'membership_changes',
  migrations: [
    /* sql */ `
    -- 001: One row for each touchpoint by which a subject joined an account or left it. reference: the id that the source gives
    -- the account, only where this very touchpoint says that it is no household. Test traffic is absent.
    CREATE TABLE membership_changes (
      account_id  text COLLATE "C" NOT NULL,
      subject_id  text COLLATE "C" NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      type        text NOT NULL,
      source      text COLLATE "C" NOT NULL,
      event_id    text COLLATE "C" NOT NULL,
      kind        text,
      part        text,
      reference   text COLLATE "C",
      position    bigint NOT NULL,
      PRIMARY KEY (source, event_id)
    );
    CREATE INDEX membership_changes_by_account ON membership_changes (account_id);
    CREATE INDEX membership_changes_by_subject ON membership_changes (subject_id);
    `,
  ],
  columns: {
    account_id: 'text',
    subject_id: 'text',
    occurred_at: 'timestamptz',
    type: 'text',
    source: 'text',
    event_id: 'text',
    kind: 'text',
    part: 'text',
    reference: 'text',
    position: 'bigint',
  },
  key: ['source', 'event_id'],
  semantic: ['account_id', 'subject_id', 'occurred_at', 'type', 'source', 'event_id', 'kind', 'part', 'reference'],
};

/** The accounts that must be folded again. */
export const DIRTY_ACCOUNTS: Table = {
  name: 'dirty_accounts',
  migrations: [
    /* sql */ `
    -- 001: An account to be folded again: as in dirty, with the accounts of a customer in the place of the customer. Marked by the
    -- indexer alone, which folds no account itself. failure: why the last fold failed; such a mark waits (not_before infinity)
    -- until something marks the account again.
    CREATE TABLE dirty_accounts (
      account_id  text COLLATE "C" PRIMARY KEY,
      position    bigint NOT NULL,
      pending     int NOT NULL,
      earliest_at timestamptz(3),
      reason      text NOT NULL,
      since       timestamptz(3) NOT NULL,
      not_before  timestamptz(3),
      failure     text
    );
    CREATE INDEX dirty_accounts_by_age ON dirty_accounts (since);
    `,
  ],
  columns: {
    account_id: 'text',
    position: 'bigint',
    pending: 'int',
    earliest_at: 'timestamptz',
    reason: 'text',
    since: 'timestamptz',
    not_before: 'timestamptz',
    failure: 'text',
  },
  key: ['account_id'],
  semantic: [],
};

/** The newest fold state of each account with some history. */
export const ACCOUNT_STATES: Table = {
  name: 'account_states',
  migrations: [
    /* sql */ `
    -- 001: As in states. An account whose next event lies in the future has none.
    CREATE TABLE account_states (
      account_id text COLLATE "C" PRIMARY KEY,
      events     int NOT NULL,
      upto_at    timestamptz(3) NOT NULL,
      position   bigint NOT NULL,
      state      text NOT NULL
    );
    ALTER TABLE account_states ALTER COLUMN state SET STORAGE EXTERNAL;
    `,
  ],
  columns: { account_id: 'text', events: 'int', upto_at: 'timestamptz', position: 'bigint', state: 'text' },
  key: ['account_id'],
  semantic: [],
};

/** The tables of accounts that follow from folds. */
export const FOLDED_ACCOUNT_TABLES: readonly Table[] = [ACCOUNTS, MEMBERSHIPS, ACCOUNT_STAGE_PERIODS, ACCOUNT_BOOKINGS];
