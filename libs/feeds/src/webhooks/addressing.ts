import type { Instant } from '#contracts';
import type { Database, Queryable, Transaction } from '#projections';
import { ACTIONS_SAID } from '../carrying/actions.js';
import { OUTBOX } from '../carrying/changes.js';
import { carried } from '../carrying/cloud-event.js';
import { list } from '../carrying/tellings.js';
import { OUTPUTS } from '../outputs.js';
import type { Said } from '../said.js';
import { changedDossiers } from './dossiers.js';
import { instant } from './endpoints.js';
import { httpEvent } from './http-event.js';

/** One process at a time: so that numbers are given in the order in which it was said. */
const ADDRESSING_LOCK = 7_235_419_502;
const WORDS = 500;

/** What was said: of which kind, of whom, and its number among what was said of her. */
export interface Word {
  readonly source: 'change' | 'action' | 'dossier';
  readonly customer_id: string;
  readonly number: number;
}

/**
 * Addresses what was said to every endpoint that wants the feed: in one transaction, once. It is written out here and now, so that each try
 * sends the same bytes. Returns how much was said.
 */
export async function addressWaiting(database: Database, now: () => Instant): Promise<number> {
  return database.transaction(async (tx) => {
    const [lock] = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [ADDRESSING_LOCK]);
    if (lock?.mine !== true) return 0;
    const words = await tx.query<Word & { n: number } & Record<string, unknown>>(
      `DELETE FROM perennial_webhooks.waiting
        WHERE n IN (SELECT n FROM perennial_webhooks.waiting ORDER BY n LIMIT ${WORDS})
        RETURNING n, source, customer_id, number`,
    );
    if (words.length === 0) return 0;
    const endpoints = await tx.query<{ endpoint_id: string; feeds: readonly string[] }>(
      `SELECT endpoint_id, feeds FROM perennial_webhooks.endpoints WHERE status IN ('active', 'paused')`,
    );
    if (endpoints.length > 0)
      await address(
        tx,
        words.sort((a, b) => a.n - b.n),
        endpoints,
        instant(now()),
      );
    return words.length;
  });
}

async function address(
  tx: Transaction,
  words: readonly Word[],
  endpoints: readonly { readonly endpoint_id: string; readonly feeds: readonly string[] }[],
  at: string,
): Promise<void> {
  const said = await saidBy(tx, words);
  const rows = words
    .flatMap((word) => said.get(keyOf(word)) ?? [])
    .flatMap((each) => OUTPUTS.map((feed) => carried(feed, each)).filter((message) => message !== null))
    .flatMap((message) => {
      const { id, headers, body } = httpEvent(message);
      return endpoints
        .filter(({ feeds }) => feeds.includes(message.topic))
        .map(({ endpoint_id }) => [
          ...[endpoint_id, id, message.topic, String(message.key ?? '')],
          ...[JSON.stringify(headers), body, at],
        ]);
    });
  await tx.copyIn(
    'perennial_webhooks.deliveries',
    ['endpoint_id', 'message_id', 'feed', 'key', 'headers', 'body', 'created_at'],
    rows,
  );
}

const keyOf = ({ source, customer_id, number }: Word): string => `${source} ${customer_id} ${number}`;

/** What stands behind each word; nothing where it comes to nothing. */
async function saidBy(tx: Queryable, words: readonly Word[]): Promise<ReadonlyMap<string, Said>> {
  const of = (source: Word['source']) => words.filter((word) => word.source === source);
  const [changes, actions] = [of('change'), of('action')];
  const told = changes.length === 0 ? [] : await OUTBOX.read(tx, ...named('publication', changes));
  const called = actions.length === 0 ? [] : await ACTIONS_SAID.read(tx, ...named('number', actions));
  const dossiers = await changedDossiers(tx, of('dossier'));
  return new Map<string, Said>([
    ...told.map((each) => [`change ${each.customerId} ${each.publication}`, each] as const),
    ...called.map((each) => [`action ${each.customerId} ${each.number}`, each] as const),
    ...dossiers.map(({ word, said }) => [keyOf(word), said] as const),
  ]);
}

const named = (number: string, words: readonly Word[]): [which: string, params: unknown[]] => [
  `SELECT * FROM unnest($1::text[], $2::int[]) AS w(customer_id, ${number})`,
  [list(words.map((word) => word.customer_id)), list(words.map((word) => String(word.number)))],
];
