import type { Instant } from '#contracts';
import { LOCKS, tryLock, type Database, type Queryable, type Transaction } from '#database';
import { ACTIONS_SAID } from '../relay/actions.js';
import { OUTBOX } from '../relay/changes.js';
import { carried } from '../relay/cloud-event.js';
import { list } from '../relay/stage-changes.js';
import { OUTPUTS } from '../outputs.js';
import type { Said } from '../published.js';
import { changedProfiles } from './profiles.js';
import { noteMissed, suspendTheFull, type WaitingBounds } from './bounds.js';
import { instant } from './endpoints.js';
import { httpEvent } from './http-event.js';

const WORDS = 500;

/** What was said: of which kind, of whom, and its number among what was said of them. */
export interface Word {
  readonly source: 'change' | 'action' | 'profile';
  readonly customer_id: string;
  readonly number: number;
}

/**
 * Addresses what was said to every endpoint that wants the feed: in one transaction, once. It is written out here and now, so that each try
 * sends the same bytes. Returns how much was said.
 */
export async function enqueueDeliveries(
  database: Database,
  now: () => Instant,
  bounds: WaitingBounds,
): Promise<number> {
  return database.transaction(async (tx) => {
    const [lock] = await tx.query<{ mine: boolean }>(`SELECT ${tryLock(LOCKS.webhookFanOut)} AS mine`);
    if (lock?.mine !== true) return 0;
    const words = await tx.query<Word & { n: number } & Record<string, unknown>>(
      `DELETE FROM perennial_webhooks.waiting
        WHERE n IN (SELECT n FROM perennial_webhooks.waiting ORDER BY n LIMIT ${WORDS})
        RETURNING n, source, customer_id, number`,
    );
    if (words.length === 0) return 0;
    const endpoints = await tx.query<Endpoint & { status: string } & Record<string, unknown>>(
      `SELECT endpoint_id, feeds, status FROM perennial_webhooks.endpoints WHERE status <> 'gone'`,
    );
    if (endpoints.length === 0) return words.length;
    words.sort((a, b) => a.n - b.n);
    const deliveries = deliveriesOf(words, await saidBy(tx, words, changedProfiles), endpoints);
    const deaf = endpoints.filter(({ status }) => status === 'suspended' || status === 'failed');
    const wanting = endpoints.filter((each) => !deaf.includes(each)).map(({ endpoint_id }) => endpoint_id);
    const full = await suspendTheFull(
      tx,
      wanting.filter((id) => deliveries.some(([endpointId]) => endpointId === id)),
      bounds,
      now(),
    );
    const missing = new Set([...full, ...deaf.map(({ endpoint_id }) => endpoint_id)]);
    await putOnTheWay(
      tx,
      deliveries.filter(([endpointId]) => !missing.has(endpointId)),
      now(),
    );
    const missed = new Map<string, number>();
    for (const [id] of deliveries) if (missing.has(id)) missed.set(id, (missed.get(id) ?? 0) + 1);
    await noteMissed(tx, missed, words, now());
    return words.length;
  });
}

interface Endpoint {
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

/** What was said, written out for each endpoint that wants it, as it will be sent. */
export function deliveriesOf(
  words: readonly Word[],
  said: ReadonlyMap<string, Said>,
  endpoints: readonly Endpoint[],
  moreHeaders: Readonly<Record<string, string>> = {},
): readonly DeliveryRow[] {
  return words
    .flatMap((word) => said.get(keyOf(word)) ?? [])
    .flatMap((each) => OUTPUTS.map((feed) => carried(feed, each)).filter((message) => message !== null))
    .flatMap((message) => {
      const { id, headers, body } = httpEvent(message);
      const written = JSON.stringify({ ...headers, ...moreHeaders });
      return endpoints
        .filter(({ feeds }) => feeds.includes(message.topic))
        .map(({ endpoint_id }): DeliveryRow => [
          endpoint_id,
          id,
          message.topic,
          String(message.key ?? ''),
          written,
          body,
        ]);
    });
}

export async function putOnTheWay(tx: Transaction, deliveries: readonly DeliveryRow[], now: Instant): Promise<void> {
  const at = instant(now);
  await tx.copyIn(
    'perennial_webhooks.deliveries',
    ['endpoint_id', 'message_id', 'feed', 'key', 'headers', 'body', 'created_at'],
    deliveries.map((row) => [...row, at]),
  );
}

const keyOf = ({ source, customer_id, number }: Word): string => `${source} ${customer_id} ${number}`;

/** What stands behind each word; nothing where it comes to nothing. */
export async function saidBy(
  tx: Queryable,
  words: readonly Word[],
  profilesOf: typeof changedProfiles,
): Promise<ReadonlyMap<string, Said>> {
  const of = (source: Word['source']) => words.filter((word) => word.source === source);
  const [changes, actions] = [of('change'), of('action')];
  const told = changes.length === 0 ? [] : await OUTBOX.read(tx, ...named('publication', changes));
  const called = actions.length === 0 ? [] : await ACTIONS_SAID.read(tx, ...named('number', actions));
  const profiles = await profilesOf(tx, of('profile'));
  return new Map<string, Said>([
    ...told.map((each) => [`change ${each.customerId} ${each.publication}`, each] as const),
    ...called.map((each) => [`action ${each.customerId} ${each.number}`, each] as const),
    ...profiles.map(({ word, said }) => [keyOf(word), said] as const),
  ]);
}

const named = (number: string, words: readonly Word[]): [which: string, params: unknown[]] => [
  `SELECT * FROM unnest($1::text[], $2::int[]) AS w(customer_id, ${number})`,
  [list(words.map((word) => word.customer_id)), list(words.map((word) => String(word.number)))],
];
