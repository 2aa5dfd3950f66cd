/** A column of a view: what it is called, how it is told from the tables, and what it means to whoever reads it. */
export interface ViewColumn {
  readonly name: string;
  readonly from: string;
  readonly meaning: string;
}

/** A view for analysts: the live version's rows, without what is sealed and without what only the engine needs. */
export interface View {
  readonly name: string;
  readonly meaning: string;
  /** What stands behind FROM; the tables of the live version are found by their names alone. */
  readonly rows: string;
  /** Columns are only ever added, at the end: what people built on a view goes on working. */
  readonly columns: readonly ViewColumn[];
}

/** The columns of a table that are told as they stand, each with its meaning. */
const told = (meanings: Readonly<Record<string, string>>): ViewColumn[] =>
  Object.entries(meanings).map(([name, meaning]) => ({ name, from: name, meaning }));

/**
 * What analysts see. Personal data is sealed and is not here: a customer is a keyed hash. Money is in minor units (cents); a
 * customer's figures are as of their last event or deadline, and nothing in them grows with the mere passing of time.
 */
export const VIEWS: readonly View[] = [
  {
    name: 'customers',
    meaning: 'One row a customer: where the customer stands, since when and why, and what the relationship amounts to.',
    rows: 'customers',
    columns: [
      ...told({
        customer_id: 'Who: a keyed hash, the same in all views. It may change when two customers prove to be one.',
        subjects: 'How many identifiers (logins, devices, addresses) are known to be theirs.',
        cycle: 'Which turn of the lifecycle, counted from 1.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Where within the stage.',
        entered_at: 'When the customer entered the phase.',
      }),
      { name: 'because', from: `cause ->> 'rule'`, meaning: 'The rule that moved them there.' },
      ...told({
        policy_version: 'The version of the policy whose rule it is.',
        first_seen_at: 'Them first touchpoint.',
        last_seen_at: 'Their last touchpoint.',
        touchpoints: 'How many touchpoints are known of them.',
        orders: 'Orders that survive: neither cancelled nor wholly returned.',
        revenue_minor:
          'What the surviving orders come to, in minor units; null when they are in several currencies: see customer_revenue.',
        currency: 'The currency of revenue_minor; null without an order, and with several currencies.',
        first_purchase_at: 'Them first surviving order; null without one.',
        last_purchase_at: 'Their last surviving order; null without one.',
        next_due_at: 'When silence alone will move them on; null when nothing will.',
        next_due_kind: 'What will happen then; null when nothing will.',
      }),
      {
        name: 'flags',
        from: `array_to_string(ARRAY(SELECT jsonb_array_elements_text(flags)), ' ')`,
        meaning:
          'What else holds of them, as words with blanks between, such as second-order-due; empty when nothing does.',
      },
    ],
  },
  {
    name: 'customer_revenue',
    meaning: 'One row a customer and currency: what the surviving orders come to.',
    rows: `customers c CROSS JOIN LATERAL jsonb_array_elements(c.revenue) AS money`,
    columns: [
      { name: 'customer_id', from: 'c.customer_id', meaning: 'Who, as in customers.' },
      { name: 'currency', from: `money ->> 'currency'`, meaning: 'The currency (ISO 4217).' },
      {
        name: 'amount_minor',
        from: `(money ->> 'amountMinor')::bigint`,
        meaning: 'What their surviving orders in this currency come to, in minor units.',
      },
    ],
  },
  {
    name: 'consents',
    meaning:
      'One row for each customer, purpose and medium of which they said something: whether the customer allowed it or took it back.',
    rows: `customers c CROSS JOIN LATERAL jsonb_to_recordset(c.consents)
             AS said(purpose text, medium text, given boolean, since bigint, "expiresAt" bigint)`,
    columns: [
      { name: 'customer_id', from: 'c.customer_id', meaning: 'Who, as in customers.' },
      { name: 'purpose', from: 'said.purpose', meaning: 'What for, as the channel named it.' },
      {
        name: 'medium',
        from: 'said.medium',
        meaning: 'By which medium; null for every medium that has no row of its own.',
      },
      {
        name: 'given',
        from: 'said.given',
        meaning: 'True where the customer allowed it; false where the customer took it back or rejected it.',
      },
      {
        name: 'since',
        from: `to_timestamp(said.since / 1000.0)::timestamptz(3)`,
        meaning: 'Since when it has been so without a break.',
      },
      {
        name: 'expires_at',
        from: `to_timestamp(said."expiresAt" / 1000.0)::timestamptz(3)`,
        meaning: 'When the consent ends by itself; null where it does not.',
      },
    ],
  },
  {
    name: 'stage_periods',
    meaning: 'One row for each stay of a customer in a phase. The stays tile their time: no gap, no overlap.',
    rows: 'stage_periods',
    columns: [
      ...told({
        customer_id: 'Who, as in customers.',
        seq: 'Which of their stays, from 0 in order of time. A late event may shift the numbers.',
        cycle: 'Which turn of the lifecycle, counted from 1.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Where within the stage.',
        entered_at: 'When the stay began.',
        left_at: 'When it ended; null while it lasts.',
      }),
      { name: 'because', from: `cause ->> 'rule'`, meaning: 'The rule that began it.' },
      ...told({ policy_version: 'The version of the policy whose rule it is.' }),
    ],
  },
  {
    name: 'bookings',
    meaning: 'One row for each line of money: an order, and whatever was later taken back, each on its own date.',
    rows: 'bookings',
    columns: told({
      customer_id: 'Who, as in customers.',
      order_id: 'The order, as the source names it.',
      at: 'When it was booked.',
      kind: 'order, cancellation or return.',
      amount_minor: 'The amount in minor units; negative for what is taken back.',
      currency: 'Its currency (ISO 4217).',
      cost_minor: 'What the business paid for it, in minor units; null where nobody told.',
      reverses: 'True for the line from which on the order no longer survives.',
      source: 'The system that told of it.',
    }),
  },
  {
    name: 'stage_days',
    meaning: 'One row for each day and phase in which something changed, days in the time zone of the business.',
    rows: 'stage_days',
    columns: [
      ...told({
        day: 'The day.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Where within the stage.',
        entered: 'How many stays in the phase began on that day.',
      }),
      { name: 'departed', from: 'left_', meaning: 'How many stays in the phase ended on that day.' },
      {
        name: 'customers',
        from: 'sum(entered - left_) OVER (PARTITION BY stage, phase ORDER BY day)::bigint',
        meaning: 'How many customers were in the phase at the end of that day.',
      },
    ],
  },
  {
    name: 'ingest_outcomes',
    meaning:
      'One row for each source and day (UTC, of receipt): received = accepted + duplicate + quarantined + suppressed.',
    rows: 'ingest_outcomes',
    columns: told({
      source: 'The system that published the events.',
      day: 'The day on which they were received.',
      received: 'How many events were received.',
      accepted: 'How many were taken.',
      duplicate: 'How many had been taken before.',
      quarantined: 'How many were quarantined, for a person to look at.',
      suppressed: 'How many were deliberately not kept, since the person was erased.',
    }),
  },
  {
    name: 'quarantine',
    meaning: 'One row for each event that could not be taken. What it said is sealed, and not here.',
    rows: 'quarantine',
    columns: told({
      quarantine_id: 'The number under which a person finds it.',
      source: 'The system that published it; null where that could not be read.',
      type: 'The type of touchpoint it claimed to be; null where that could not be read.',
      code: 'What was wrong, as a code.',
      received_at: 'When it was received.',
      status: 'open, released or discarded.',
    }),
  },
  {
    name: 'policies',
    meaning: 'One row for each policy that was published, in the order of publication.',
    rows: 'policies',
    columns: told({
      version: 'The version, as stage periods and customers name it.',
      effective_from: 'From when on it holds; null for the first one, which holds from the beginning.',
      recorded_at: 'When it was published.',
    }),
  },
  {
    name: 'published',
    meaning: 'One row for each thing that was said to the channels, in order; never changed but for retracted.',
    rows: 'perennial.published',
    columns: told({
      customer_id: 'Of whom, as they were named then.',
      publication: 'Counts what was said of them, from 1.',
      kind: 'entered, left or retracted.',
      cycle: 'The turn of the lifecycle it speaks of.',
      stage: 'The stage it speaks of.',
      phase: 'The phase it speaks of.',
      entered_at: 'When the stay it speaks of began.',
      at: 'The instant it speaks of.',
      reason: 'Why something was taken back; null for what was not.',
      historical: 'True when the instant lay more than a day back when it was said: no action follows from it.',
      retracted: 'True once it no longer stands.',
    }).concat(
      {
        name: 'because',
        from: `cause ->> 'rule'`,
        meaning: 'The rule that moved them at that instant; null for what was taken back.',
      },
      ...told({
        policy_version: 'The version of the policy whose rule it is; null for what was taken back.',
        into_id: 'Of what was taken back since the customer proved to be another: who that is; null otherwise.',
      }),
    ),
  },
  {
    name: 'actions',
    meaning:
      'One row for each thing that the channels were told to do for a customer, or to do no longer, in order; never changed but for standing.',
    rows: 'perennial.actions',
    columns: told({
      customer_id: 'Of whom, as they were named then.',
      number: 'Counts what was said of their actions, from 1.',
      kind: 'proposed or withdrawn.',
      action_id: 'Which action: the same when it is withdrawn.',
      treatment: 'What to do, as the policy names it.',
      purpose: 'The purpose for which they gave their consent.',
      medium: 'By which medium.',
      cycle: 'The turn of the lifecycle in which it was called for.',
      stage: 'The stage in which it was called for.',
      phase: 'The phase of which it is the treatment.',
      because: 'The rule that moved them to that phase.',
      policy_version: 'The version of the policy that names the treatment.',
      since: 'When it came to be called for: the customer entered the phase, or gave their consent.',
      valid_until: 'Not to be done from then on.',
      reason: 'Why it was withdrawn; null for what was proposed.',
      published_at: 'When it was published.',
      standing: 'True for a proposal that was not withdrawn; whether it has expired since, valid_until tells.',
    }),
  },
  {
    name: 'freshness',
    meaning: 'One row: how far these figures go.',
    rows: 'checkpoint',
    columns: [
      ...told({
        position: 'The last event of the log that is in these figures.',
        recorded_at: 'When the log took that event.',
      }),
      { name: 'deadlines_until', from: 'clock', meaning: 'Every deadline up to here has been taken into account.' },
    ],
  },
];
