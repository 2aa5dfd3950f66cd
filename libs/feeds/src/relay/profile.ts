import { formatInstant } from '#contracts';

type Fields = Readonly<Record<string, unknown>>;

/** The profile that is published, from the customer's row of the read models. It holds nothing personal: identifiers are keyed hashes. */
export function profileOf(row: Fields): Fields {
  const more = (row['profile'] ?? {}) as Fields;
  return {
    customerId: row['customer_id'],
    cycle: row['cycle'],
    stage: row['stage'],
    phase: row['phase'],
    enteredAt: instant(row['entered_at']),
    cause: row['cause'],
    policyVersion: row['policy_version'],
    flags: row['flags'],
    nextDueAt: instant(row['next_due_at']),
    nextDueKind: row['next_due_kind'] ?? null,
    firstSeenAt: instant(row['first_seen_at']),
    lastSeenAt: instant(row['last_seen_at']),
    touchpoints: row['touchpoints'],
    orders: row['orders'],
    revenue: rows(row['revenue']).map(({ amountMinor, currency }) => ({ amountMinor, currency })),
    firstPurchaseAt: instant(row['first_purchase_at']),
    lastPurchaseAt: instant(row['last_purchase_at']),
    contracts: rows(more['contracts']).map(({ contractId, status, startedAt, since }) => ({
      ...{ contractId, status, startedAt: instant(startedAt), since: instant(since) },
    })),
    consents: rows(row['consents']).map(({ purpose, medium, given, since, expiresAt }) => ({
      ...{ purpose, medium, given, since: instant(since), expiresAt: instant(expiresAt) },
    })),
  };
}

const rows = (value: unknown): readonly Fields[] => (value ?? []) as readonly Fields[];

/** Instants are numbers in the fold's JSON, and texts in JSON made from rows. */
function instant(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return formatInstant(typeof value === 'number' ? value : Date.parse(value as string));
}
