/**
 * What was published of accounts; and, in the versions that were built before, the tables that queries and the clock ask: empty until the
 * rebuild that the next start begins is done.
 */
export const ACCOUNT_TABLES = /* sql */ `
    -- The stage changes of accounts in the order of publication, as in published. source, reference and account_kind: the account as it
    -- was known then; reference is null of a household.
    CREATE TABLE perennial.accounts_published (
      account_id     text COLLATE "C" NOT NULL,
      publication    int NOT NULL,
      kind           text NOT NULL CHECK (kind IN ('entered', 'left', 'retracted')),
      cycle          int NOT NULL,
      stage          text NOT NULL,
      phase          text NOT NULL,
      entered_at     timestamptz(3) NOT NULL,
      at             timestamptz(3) NOT NULL,
      position       bigint NOT NULL,
      reason         text,
      retracts       int,
      historical     boolean NOT NULL,
      retracted      boolean NOT NULL DEFAULT false,
      cause          jsonb,
      policy_version text,
      source         text COLLATE "C" NOT NULL,
      reference      text COLLATE "C",
      account_kind   text NOT NULL,
      PRIMARY KEY (account_id, publication)
    );

    -- The publications that are still to be sent: a row is deleted once its message was sent.
    CREATE TABLE perennial.account_outbox (
      account_id  text COLLATE "C" NOT NULL,
      publication int NOT NULL,
      created_at  timestamptz(3) NOT NULL,
      PRIMARY KEY (account_id, publication)
    );

    DO $$
    DECLARE
      version record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        IF to_regclass(format('%I.customers', version.name)) IS NOT NULL THEN
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.membership_changes (
                            account_id text COLLATE "C", subject_id text COLLATE "C", occurred_at timestamptz(3), type text,
                            source text COLLATE "C", event_id text COLLATE "C", kind text, part text, reference text COLLATE "C",
                            position bigint)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.dirty_accounts (
                            account_id text COLLATE "C" PRIMARY KEY, position bigint, pending int, earliest_at timestamptz(3),
                            reason text, since timestamptz(3), not_before timestamptz(3), failure text)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.accounts (
                            account_id text COLLATE "C", source text COLLATE "C", reference text COLLATE "C", kind text, members int,
                            members_ever int, cycle int, stage text, phase text, entered_at timestamptz(3), policy_version text,
                            cause jsonb, first_seen_at timestamptz(3), last_seen_at timestamptz(3), touchpoints int, orders int,
                            revenue_minor bigint, currency text, revenue jsonb, first_purchase_at timestamptz(3),
                            last_purchase_at timestamptz(3), next_due_at timestamptz(3), next_due_kind text, flags jsonb,
                            contracts jsonb, folded_position bigint, waiting_until timestamptz(3), wake_at timestamptz(3))',
                         version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.account_memberships (
                            account_id text COLLATE "C", customer_id text COLLATE "C", joined_at timestamptz(3),
                            left_at timestamptz(3), part text)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.account_stage_periods (
                            account_id text COLLATE "C", seq int, cycle int, stage text, phase text, entered_at timestamptz(3),
                            left_at timestamptz(3), cause jsonb, policy_version text)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.account_bookings (
                            account_id text COLLATE "C", order_id text COLLATE "C", at timestamptz(3), kind text,
                            amount_minor bigint, currency text, cost_minor bigint, reverses boolean, source text COLLATE "C",
                            event_id text COLLATE "C", order_source text COLLATE "C", order_at timestamptz(3),
                            contract_id text COLLATE "C", voided_at timestamptz(3), brand text COLLATE "C")', version.name);
        END IF;
      END LOOP;
    END $$;
    `;
