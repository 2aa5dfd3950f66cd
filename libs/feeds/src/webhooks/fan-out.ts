import type { Instant } from '#contracts';
import { arrayText, instantText, LOCKS, tryLock } from '#database';
import type { Database, Queryable, Row, Transaction } from '#database';
import type { OutboxMessage } from '../outbox-message.js';
import { FEEDS } from '../registry.js';
import { ACTIONS_OUTBOX } from '../relay/actions.js';
import { SEGMENT_CHANGES_OUTBOX } from '../relay/segment-changes.js';
import { toCloudEvent } from '../feed.js';
import { ACCOUNT_CHANGES_OUTBOX } from '../feeds/account-stage-changes.js';
import { STAGE_CHANGES_OUTBOX } from '../feeds/stage-changes.js';
import { httpEvent } from './http-event.js';
import { recordMissed, suspendOverLimits, type PendingLimits } from './pending-limits.js';
import { changedProfiles } from './profiles.js';

const BATCH = 500;

/** A published message that is not yet enqueued for endpoints: its kind, its customer (of `account` the account), and its number among their messages of that kind. */
export interface PendingMessage {
  readonly source: 'change' | 'action' | 'segment' | 'profile' | 'account';
  readonly customer_id: string;
  readonly number: number;
}

/**
 * Fans out one batch of pending messages: enqueues a delivery of each for every endpoint that subscribes to its feed, in one transaction. Headers and
 * body are rendered once, here, so that every attempt sends the same bytes. Returns the number of pending messages.
 */
export async function enqueueDeliveries(
  database: Database,
  now: () => Instant,
  limits: PendingLimits,
): Promise<number> {
  return database.transaction(async (tx) => {
    const [lock] = await tx.query<{ acquired: boolean }>(`SELECT ${tryLock(LOCKS.webhookFanOut)} AS acquired`);
    if (lock?.acquired !== true) return 0;
    const pending = await tx.query<PendingMessage & { n: number } & Row>(
      `DELETE FROM perennial_webhooks.pending
        WHERE n IN (SELECT n FROM perennial_webhooks.pending ORDER BY n LIMIT ${BATCH})
        RETURNING n, source, customer_id, number`,
    );
    if (pending.length === 0) return 0;
    const endpoints = await tx.query<Subscription & { status: string } & Row>(
      `SELECT endpoint_id, feeds, status FROM perennial_webhooks.endpoints WHERE status <> 'gone'`,
    );
    if (endpoints.length === 0) return pending.length;
    pending.sort((a, b) => a.n - b.n);
    const deliveries = renderDeliveries(pending, await loadMessages(tx, pending, changedProfiles), endpoints);
    const closed = endpoints.filter(({ status }) => status === 'suspended' || status === 'failed');
    const open = endpoints.filter((each) => !closed.includes(each)).map(({ endpoint_id }) => endpoint_id);
    const suspended = await suspendOverLimits(
      tx,
      open.filter((id) => deliveries.some(([endpointId]) => endpointId === id)),
      limits,
      now(),
    );
    const missing = new Set([...suspended, ...closed.map(({ endpoint_id }) => endpoint_id)]);
    await insertDeliveries(
      tx,
      deliveries.filter(([endpointId]) => !missing.has(endpointId)),
      now(),
    );
    const missed = new Map<string, number>();
    for (const [id] of deliveries) if (missing.has(id)) missed.set(id, (missed.get(id) ?? 0) + 1);
    await recordMissed(tx, missed, pending, now());
    return pending.length;
  });
}

interface Subscription {
  readonly endpoint_id: string;
  readonly feeds: readonly string[];
}

type DeliveryRow = readonly [
  endpointId: string,
  messageId: string,
  feed: string,
  key: string,
  headers: string,
  body: string | null,
];

/** The deliveries of these messages, rendered as they will be sent, for each endpoint that subscribes to their feed. */
export function renderDeliveries(
  pending: readonly PendingMessage[],
  messages: ReadonlyMap<string, OutboxMessage>,
  endpoints: readonly Subscription[],
  moreHeaders: Readonly<Record<string, string>> = {},
): readonly DeliveryRow[] {
  return pending
    .flatMap((each) => messages.get(keyOf(each)) ?? [])
    .flatMap((record) => FEEDS.map((feed) => toCloudEvent(feed, record)).filter((message) => message !== null))
    .flatMap((message) => {
      const { id, headers, body } = httpEvent(message);
      const rendered = JSON.stringify({ ...headers, ...moreHeaders });
      return endpoints
        .filter(({ feeds }) => feeds.includes(message.topic))
        .map(({ endpoint_id }): DeliveryRow => [
          endpoint_id,
          id,
          message.topic,
          String(message.key ?? ''),
          rendered,
          body,
        ]);
    });
}

export async function insertDeliveries(
  tx: Transaction,
  deliveries: readonly DeliveryRow[],
  now: Instant,
): Promise<void> {
  const at = instantText(now);
  await tx.copyIn(
    'perennial_webhooks.deliveries',
    ['endpoint_id', 'message_id', 'feed', 'key', 'headers', 'body', 'created_at'],
    deliveries.map((row) => [...row, at]),
  );
}

const keyOf = ({ source, customer_id, number }: PendingMessage): string => `${source} ${customer_id} ${number}`;

/** The content of each pending message, by its key; none for an unchanged profile. */
export async function loadMessages(
  tx: Queryable,
  pending: readonly PendingMessage[],
  loadProfiles: typeof changedProfiles,
): Promise<ReadonlyMap<string, OutboxMessage>> {
  const of = (source: PendingMessage['source']) => pending.filter((each) => each.source === source);
  const [changes, actions, segments, accounts] = [of('change'), of('action'), of('segment'), of('account')];
  const stageChanges =
    changes.length === 0 ? [] : await STAGE_CHANGES_OUTBOX.read(tx, ...numbered('publication', changes));
  const actionChanges = actions.length === 0 ? [] : await ACTIONS_OUTBOX.read(tx, ...numbered('number', actions));
  const segmentChanges =
    segments.length === 0 ? [] : await SEGMENT_CHANGES_OUTBOX.read(tx, ...numbered('number', segments));
  const accountChanges =
    accounts.length === 0
      ? []
      : await ACCOUNT_CHANGES_OUTBOX.read(tx, ...numbered('publication', accounts, 'account_id'));
  const profiles = await loadProfiles(tx, of('profile'));
  return new Map<string, OutboxMessage>([
    ...stageChanges.map((change) => [`change ${change.customerId} ${change.publication}`, change] as const),
    ...actionChanges.map((change) => [`action ${change.customerId} ${change.number}`, change] as const),
    ...segmentChanges.map((change) => [`segment ${change.customerId} ${change.number}`, change] as const),
    ...accountChanges.map((change) => [`account ${change.accountId} ${change.number}`, change] as const),
    ...profiles.map(({ pending: each, message }) => [keyOf(each), message] as const),
  ]);
}

/** A query that selects the owners and numbers of these messages, and its parameters. */
const numbered = (
  column: string,
  pending: readonly PendingMessage[],
  owner = 'customer_id',
): [which: string, params: unknown[]] => [
  `SELECT * FROM unnest($1::text[], $2::int[]) AS w(${owner}, ${column})`,
  [arrayText(pending.map((each) => each.customer_id)), arrayText(pending.map((each) => each.number))],
];
