/** A column of a view: its name, the SQL expression that gives it, and what it means. */
export interface ViewColumn {
  readonly name: string;
  readonly from: string;
  readonly meaning: string;
}

/** A view for analysts: rows of the live version, without sealed values and without what only the engine needs. */
export interface View {
  readonly name: string;
  readonly meaning: string;
  /** What follows FROM; the tables of the live version are on the search path. */
  readonly rows: string;
  /** Columns are only added, at the end: what analysts built on a view keeps working. */
  readonly columns: readonly ViewColumn[];
}

/** Columns that are shown as they are stored, each with its meaning. */
const asStored = (meanings: Readonly<Record<string, string>>): ViewColumn[] =>
  Object.entries(meanings).map(([name, meaning]) => ({ name, from: name, meaning }));

/** The policy in force at the instant up to which every deadline is in the figures: the settings by which they are reckoned. */
const IN_FORCE = /* sql */ `
  SELECT coalesce(p.policy ->> 'timeZone', 'UTC') AS time_zone, p.policy ->> 'currency' AS currency,
         coalesce(p.version, 'retail@1') AS policy_version, z.time_zone IS NOT NULL AND z.counted_to IS NULL AS days_complete
    FROM checkpoint c
    LEFT JOIN policies p ON p.in_force_from <= coalesce(c.clock, now()) AND p.in_force_until > coalesce(c.clock, now())
    LEFT JOIN day_zones z ON z.time_zone = coalesce(p.policy ->> 'timeZone', 'UTC')`;

/**
 * What analysts see. Personal data is sealed and absent: a customer is a keyed hash. Money is in minor units (cents). A customer's
 * figures are as of the last event or deadline; none of them grows as time passes.
 */
export const VIEWS: readonly View[] = [
  {
    name: 'customers',
    meaning: 'One row per customer: the current phase, since when and why, and the figures of the relationship.',
    rows: 'customers',
    columns: [
      ...asStored({
        customer_id:
          'The customer: a keyed hash, the same in all views. It may change when two customers prove to be one.',
        subjects: 'Number of known identifiers (logins, devices, addresses) of the customer.',
        cycle: 'Cycle of the lifecycle, counted from 1.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Phase within the stage.',
        entered_at: 'When the customer entered the phase.',
      }),
      { name: 'because', from: `cause ->> 'rule'`, meaning: 'The rule that moved the customer to the phase.' },
      ...asStored({
        policy_version: 'Version of the policy that contains the rule.',
        first_seen_at: 'First touchpoint of the customer.',
        last_seen_at: 'Last touchpoint of the customer.',
        touchpoints: 'Number of known touchpoints of the customer.',
        orders: 'Orders that survive: neither cancelled nor completely returned.',
        revenue_minor:
          'Net revenue in minor units, of orders and of payments for contracts; null when it is in several currencies: see customer_revenue.',
        currency: 'Currency of revenue_minor; null without revenue, and with several currencies.',
        first_purchase_at:
          'First surviving purchase of the customer, an order or a started contract; null without one.',
        last_purchase_at: 'Last surviving purchase of the customer, an order or a started contract; null without one.',
        next_due_at: 'When the next deadline moves the customer if nothing happens before; null without a deadline.',
        next_due_kind: 'What happens at next_due_at; null without a deadline.',
      }),
      {
        name: 'flags',
        from: `array_to_string(ARRAY(SELECT jsonb_array_elements_text(flags)), ' ')`,
        meaning: 'Flags of the customer, separated by blanks, such as second-order-due; empty without any.',
      },
      {
        name: 'erased_at',
        from: '(SELECT max(s.erased_at) FROM subjects s WHERE s.customer_id = customers.customer_id)',
        meaning: 'When the person was erased; null for everyone else. Leave them out of a list of people to contact.',
      },
      ...asStored({
        satisfaction_permille: 'Satisfaction in thousandths, from 0 to 1000; null where it is not known.',
        satisfaction_grade:
          'Satisfaction in words: very-satisfied, satisfied, neutral, disappointed, very-disappointed; null where it is not known.',
        open_complaints: 'Complaints that are not resolved.',
        open_cases: 'Cases and complaints that are not resolved.',
        referrals_converted: 'Customers that the customer brought.',
        ladder_rung: 'The rung of the loyalty ladder; null where the needs of none are met.',
      }),
    ],
  },
  {
    name: 'customer_revenue',
    meaning: 'One row per customer and currency: the net revenue of orders and of payments for contracts.',
    rows: `customers c CROSS JOIN LATERAL jsonb_array_elements(c.revenue) AS money`,
    columns: [
      { name: 'customer_id', from: 'c.customer_id', meaning: 'The customer, as in customers.' },
      { name: 'currency', from: `money ->> 'currency'`, meaning: 'The currency (ISO 4217).' },
      {
        name: 'amount_minor',
        from: `(money ->> 'amountMinor')::bigint`,
        meaning: 'Net revenue in this currency, of orders and of payments for contracts, in minor units.',
      },
    ],
  },
  {
    name: 'consents',
    meaning: 'One row per customer, purpose and medium for which a consent was given, withdrawn or rejected.',
    rows: `customers c CROSS JOIN LATERAL jsonb_to_recordset(c.consents)
             AS consent(purpose text, medium text, given boolean, since bigint, "expiresAt" bigint)`,
    columns: [
      { name: 'customer_id', from: 'c.customer_id', meaning: 'The customer, as in customers.' },
      { name: 'purpose', from: 'consent.purpose', meaning: 'The purpose, as the channel named it.' },
      {
        name: 'medium',
        from: 'consent.medium',
        meaning: 'The medium; null for every medium without a row of its own.',
      },
      {
        name: 'given',
        from: 'consent.given',
        meaning: 'True for a consent that was given; false for one that was withdrawn or rejected.',
      },
      {
        name: 'since',
        from: `to_timestamp(consent.since / 1000.0)::timestamptz(3)`,
        meaning: 'Since when it has been so without a break.',
      },
      {
        name: 'expires_at',
        from: `to_timestamp(consent."expiresAt" / 1000.0)::timestamptz(3)`,
        meaning: 'When the consent expires; null when it does not.',
      },
    ],
  },
  {
    name: 'stage_periods',
    meaning:
      'One row for each stay of a customer in a phase. The stays cover the time of the customer: no gap, no overlap.',
    rows: 'stage_periods',
    columns: [
      ...asStored({
        customer_id: 'The customer, as in customers.',
        seq: 'Number of the stay, from 0 in order of time. A late event may shift the numbers.',
        cycle: 'Cycle of the lifecycle, counted from 1.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Phase within the stage.',
        entered_at: 'When the stay began.',
        left_at: 'When the stay ended; null while it lasts.',
      }),
      { name: 'because', from: `cause ->> 'rule'`, meaning: 'The rule that began the stay.' },
      ...asStored({ policy_version: 'Version of the policy that contains the rule.' }),
    ],
  },
  {
    name: 'bookings',
    meaning:
      'One row per booking: an order, each later amendment, cancellation or return, and each payment for a contract, each on its own date.',
    rows: 'bookings WHERE voided_at IS NULL',
    columns: asStored({
      customer_id: 'The customer, as in customers.',
      order_id:
        'The order, as its source names it; null for a payment. Two sources may use the same number: see order_source.',
      at: 'When it was booked.',
      kind: 'order, amendment, cancellation, return or payment.',
      amount_minor: 'Amount in minor units; negative for what was taken back, and for an amendment to less.',
      currency: 'Currency of the amount (ISO 4217).',
      cost_minor: 'Cost to the business in minor units; null where the source stated none.',
      reverses: 'True for the booking after which the order no longer survives.',
      source: 'The system that published the event.',
      order_source: 'The system that placed the order: with order_id it identifies the order; null for a payment.',
      order_at: 'When the order was placed; null for a payment, and where no order is known.',
      contract_id: 'The contract that was paid; null for orders.',
      brand:
        'The brand of the order, whichever brand takes something back; without a known order that of the event. Null where none is stated.',
    }),
  },
  {
    name: 'discrepancies',
    meaning: 'One row for each thing that does not add up between orders, what was taken back, and payments.',
    rows: 'discrepancies WHERE settled_at IS NULL',
    columns: asStored({
      customer_id: 'The customer, as in customers.',
      kind: 'What does not add up: the kinds of the query discrepancies.',
      order_source: 'The system that placed the order; where no order is known, the system that published the event.',
      order_id: 'The order that the event names; null where it names none.',
      contract_id: 'The contract that the event names; null where it names none.',
      amount_minor: 'The amount in question in minor units, positive; null where none is stated.',
      currency: 'Currency of the amount (ISO 4217); null where none is stated.',
      at: 'The instant of the event.',
      source: 'The system that published the event.',
      event_id: 'The event, as its source names it.',
      brand: 'The brand of the order; where none is known, that of the event. Null where none is stated.',
    }),
  },
  {
    name: 'customer_brands',
    meaning: 'One row per customer and brand that the customer has dealt with.',
    rows: 'customer_brands',
    columns: [
      ...asStored({
        customer_id: 'The customer, as in customers.',
        brand: 'The brand, as an event or its source states it.',
      }),
      { name: 'since', from: 'at', meaning: 'The first touchpoint of the customer that concerns the brand.' },
    ],
  },
  {
    name: 'accounts',
    meaning: 'One row per account (household, company): the current phase, since when and why, and its figures.',
    rows: 'accounts',
    columns: [
      ...asStored({
        account_id: 'The account: a hash of its source and of the id that the source gives it.',
        source: 'The system whose touchpoints join customers to the account.',
        reference:
          'The id that the source gives it; null of a household, and where no touchpoint says what the account is.',
        kind: 'household, company or other.',
        members: 'Number of customers who are members now.',
        members_ever: 'Number of customers who were members at some time.',
        cycle: 'Cycle of the lifecycle, counted from 1.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Phase within the stage.',
        entered_at: 'When the account entered the phase.',
      }),
      { name: 'because', from: `cause ->> 'rule'`, meaning: 'The rule that moved the account to the phase.' },
      ...asStored({
        policy_version: 'Version of the policy that contains the rule.',
        first_seen_at: 'First touchpoint of a member.',
        last_seen_at: 'Last touchpoint of a member.',
        touchpoints: 'Number of touchpoints of members, each while a member.',
        orders: 'Orders of members that survive: neither cancelled nor completely returned.',
        revenue_minor:
          'Net revenue in minor units, of orders and of payments for contracts; null when it is in several currencies: see account_bookings.',
        currency: 'Currency of revenue_minor; null without revenue, and with several currencies.',
        first_purchase_at: 'First surviving purchase of a member; null without one.',
        last_purchase_at: 'Last surviving purchase of a member; null without one.',
        next_due_at: 'When the next deadline moves the account if nothing happens before; null without a deadline.',
        next_due_kind: 'What happens at next_due_at; null without a deadline.',
      }),
    ],
  },
  {
    name: 'account_memberships',
    meaning: 'One row for each stay of a customer in an account.',
    rows: 'account_memberships',
    columns: asStored({
      account_id: 'The account, as in accounts.',
      customer_id: 'The customer, as in customers.',
      joined_at: 'When the stay began.',
      left_at: 'When the stay ended; null while it lasts. The instant itself is not in the stay.',
      part: 'What the customer is in the account, as last stated; null where it was never stated.',
    }),
  },
  {
    name: 'account_stage_periods',
    meaning: 'One row for each stay of an account in a phase, as in stage_periods.',
    rows: 'account_stage_periods',
    columns: [
      ...asStored({
        account_id: 'The account, as in accounts.',
        seq: 'Number of the stay, from 0 in order of time. A late event may shift the numbers.',
        cycle: 'Cycle of the lifecycle, counted from 1.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Phase within the stage.',
        entered_at: 'When the stay began.',
        left_at: 'When the stay ended; null while it lasts.',
      }),
      { name: 'because', from: `cause ->> 'rule'`, meaning: 'The rule that began the stay.' },
      ...asStored({ policy_version: 'Version of the policy that contains the rule.' }),
    ],
  },
  {
    name: 'account_bookings',
    meaning:
      'One row per booking of an account: what its members bought, paid and took back, each while a member. Not to be added to bookings: these have the same orders by customer.',
    rows: 'account_bookings WHERE voided_at IS NULL',
    columns: asStored({
      account_id: 'The account, as in accounts.',
      order_id: 'The order, as its source names it; null for a payment.',
      at: 'When it was booked.',
      kind: 'order, amendment, cancellation, return or payment.',
      amount_minor: 'Amount in minor units; negative for what was taken back, and for an amendment to less.',
      currency: 'Currency of the amount (ISO 4217).',
      order_source: 'The system that placed the order; null for a payment.',
      contract_id: 'The contract that was paid; null for orders.',
      brand: 'The brand of the order; without a known order that of the event. Null where none is stated.',
    }),
  },
  {
    name: 'stage_days',
    meaning: 'One row for each day and phase with a change, days in the time zone of settings.',
    rows: `(SELECT d.* FROM stage_days d JOIN (${IN_FORCE}) s ON s.time_zone = d.time_zone) days`,
    columns: [
      ...asStored({
        day: 'The day.',
        stage: 'acquisition, retention or expansion.',
        phase: 'Phase within the stage.',
        entered: 'Number of stays in the phase that began on that day.',
      }),
      { name: 'departed', from: 'left_', meaning: 'Number of stays in the phase that ended on that day.' },
      {
        name: 'customers',
        from: 'sum(entered - left_) OVER (PARTITION BY stage, phase ORDER BY day)::bigint',
        meaning: 'Number of customers in the phase at the end of that day.',
      },
    ],
  },
  {
    name: 'ingest_outcomes',
    meaning:
      'One row per source and day (UTC, of receipt): received = accepted + duplicate + quarantined + suppressed.',
    rows: 'ingest_outcomes',
    columns: asStored({
      source: 'The system that published the events.',
      day: 'The day on which the events were received.',
      received: 'Number of events received.',
      accepted: 'Number of events stored.',
      duplicate: 'Number of events that had been stored before.',
      quarantined: 'Number of events that were quarantined for an operator.',
      suppressed: 'Number of events that were not stored because the person was erased.',
    }),
  },
  {
    name: 'quarantine',
    meaning: 'One row per quarantined event. Its content is sealed and absent.',
    rows: 'quarantine',
    columns: asStored({
      quarantine_id: 'The id by which an operator finds the event.',
      source: 'The system that published it; null where that could not be read.',
      type: 'The type of touchpoint that it claimed to be; null where that could not be read.',
      code: 'What was wrong, as a code.',
      received_at: 'When it was received.',
      status: 'open, released, discarded, or replaced where it came again in a valid form.',
    }),
  },
  {
    name: 'policies',
    meaning: 'One row per published policy, in order of publication.',
    rows: 'policies',
    columns: asStored({
      version: 'The version, as stage_periods and customers name it.',
      effective_from: 'From when it was to be in force, as it was published; null for the beginning of time.',
      recorded_at: 'When it was published.',
      in_force_from:
        'From when it is in force; -infinity for the beginning of time, null where another version counts for all of its time.',
      in_force_until: 'Until when it is in force; infinity for the last one, null as in in_force_from.',
    }).concat(
      {
        name: 'retroactive',
        from: 'restates',
        meaning: 'True where it counts from before its publication: the past was restated.',
      },
      ...asStored({ reason: 'Why the past was restated; null where it was not.' }),
    ),
  },
  {
    name: 'published',
    meaning: 'One row per stage change published to the channels, in order; never changed, except for retracted.',
    rows: 'perennial.published',
    columns: asStored({
      customer_id: 'The customer, by the id at that time.',
      publication: 'Number of the publication of this customer, from 1.',
      kind: 'entered, left or retracted.',
      cycle: 'Cycle of the lifecycle that the change belongs to.',
      stage: 'Stage that the change belongs to.',
      phase: 'Phase that the customer entered or left.',
      entered_at: 'When the stay in the phase began.',
      at: 'The instant of the change.',
      reason: 'Why the change was retracted; null for other kinds.',
      historical: 'True when the instant lay more than 24 hours back at publication: no action follows from it.',
      retracted: 'True once the change was retracted.',
    }).concat(
      {
        name: 'because',
        from: `cause ->> 'rule'`,
        meaning: 'The rule that moved the customer at that instant; null for a retraction.',
      },
      ...asStored({
        policy_version: 'Version of the policy that contains the rule; null for a retraction.',
        into_id: 'The customer into which this one was merged, where that is why the change was retracted; else null.',
      }),
    ),
  },
  {
    name: 'actions',
    meaning: 'One row per action proposed to the channels or withdrawn, in order; never changed, except for standing.',
    rows: 'perennial.actions',
    columns: asStored({
      customer_id: 'The customer, by the id at that time.',
      number: 'Number of the message about actions of this customer, from 1.',
      kind: 'proposed or withdrawn.',
      action_id: 'Id of the action: the same when it is withdrawn.',
      treatment: 'What to do, as the policy names it.',
      purpose: 'The purpose for which the customer gave consent.',
      medium: 'The medium to use.',
      cycle: 'Cycle of the lifecycle in which the action was called for.',
      stage: 'Stage in which the action was called for.',
      phase: 'Phase to which the treatment belongs.',
      because: 'The rule that moved the customer to that phase.',
      policy_version: 'Version of the policy that names the treatment.',
      since: 'When the action became due: the customer entered the phase, or gave consent.',
      valid_until: 'Until when the action may be taken.',
      reason: 'Why the action was withdrawn; null for a proposal.',
      published_at: 'When the message was published.',
      standing: 'True for a proposal that was not withdrawn; valid_until tells whether it has expired.',
    }),
  },
  {
    name: 'settings',
    meaning: 'One row: how the business reckons, by the policy in force now.',
    rows: `(${IN_FORCE}) s`,
    columns: asStored({
      time_zone: 'The time zone (IANA name) in which days, weeks and months are reckoned.',
      currency: 'The currency (ISO 4217) of the policy; null where it names none.',
      policy_version: 'The version of the policy in force.',
      days_complete:
        'True when stage_days is counted for all customers in this zone; false while another zone is being counted.',
    }),
  },
  {
    name: 'freshness',
    meaning: 'One row: how current these figures are.',
    rows: 'checkpoint',
    columns: [
      ...asStored({
        position: 'Position of the last event of the log that is in these figures.',
        recorded_at: 'When the log recorded that event.',
      }),
      { name: 'deadlines_until', from: 'clock', meaning: 'Every deadline up to this instant is in these figures.' },
    ],
  },
];
