import type { Instant } from '#contracts';
import { arrayText, instantText, type Database, type Queryable } from '#database';
import type { EndpointRow } from './endpoints.js';

/** A dispatcher that is silent for so long is taken for dead. A batch ends well before. */
export const LEASE_SECONDS = 30;

export interface LeaseRequest {
  readonly database: Database;
  /** Identifies this process. */
  readonly leaseOwner: string;
  readonly now: () => Instant;
}

/**
 * Leases endpoints that have pending messages and are due: no other process sends to them until the lease is released or expires. Leaves out the
 * endpoints to which this process is sending.
 */
export async function acquireLease(
  { database, leaseOwner, now }: LeaseRequest,
  inFlight: readonly string[],
  limit: number,
): Promise<EndpointRow[]> {
  return database.query<EndpointRow>(
    `UPDATE perennial_webhooks.endpoints SET lease_owner = $1, lease_expires_at = now() + make_interval(secs => ${LEASE_SECONDS})
      WHERE endpoint_id IN (
        SELECT endpoint_id FROM perennial_webhooks.endpoints e
         WHERE status = 'active' AND (next_attempt_at IS NULL OR next_attempt_at <= $2)
           AND (lease_expires_at IS NULL OR lease_expires_at < now() OR lease_owner = $1) AND NOT endpoint_id = ANY($3::text[])
           AND EXISTS (SELECT 1 FROM perennial_webhooks.deliveries d WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL)
         ORDER BY endpoint_id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING *`,
    [leaseOwner, instantText(now()), arrayText(inFlight)],
  );
}

export async function releaseLease(tx: Queryable, endpointId: string, leaseOwner: string): Promise<void> {
  await tx.query(
    'UPDATE perennial_webhooks.endpoints SET lease_owner = NULL, lease_expires_at = NULL WHERE endpoint_id = $1 AND lease_owner = $2',
    [endpointId, leaseOwner],
  );
}

/** Releases all leases: where the database is this process's own, the processes that held them are dead. */
export async function releaseAllLeases(database: Database): Promise<void> {
  await database.query('UPDATE perennial_webhooks.endpoints SET lease_owner = NULL, lease_expires_at = NULL');
}
