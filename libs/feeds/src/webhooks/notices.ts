import { DAY, formatInstant, type Instant, type JsonSchema } from '#contracts';
import { LOCKS, tryLock, type Database, type Row } from '#database';
import type { ExpiringKey } from '#keys';
import { insertDeliveries } from './fan-out.js';
import { httpEvent } from './http-event.js';

/**
 * Messages for operators. They concern the engine and no customer, and go to the webhooks that name them among their feeds: to no Kafka topic, and
 * not to an endpoint that names no feed, which may be a channel's.
 */
export const NOTICES = 'perennial.operations';

/** An API key expires soon, and has no successor yet. */
export const KEY_EXPIRES = 'perennial.key-expires';

export const KEY_EXPIRES_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['keyId', 'name', 'role', 'expiresAt', 'withinDays'],
  properties: {
    keyId: { type: 'string', description: 'The id of the key: perennial keys rotate takes it.' },
    name: { type: 'string', description: 'What the key is for.' },
    role: { type: ['string', 'null'], description: 'Its role; null for a key of single permissions.' },
    expiresAt: { type: 'string', format: 'date-time' },
    withinDays: {
      enum: [30, 7, 1],
      description: 'The warning: the key expires within so many days. Each is sent once for a key.',
    },
  },
};

/** A message for operators: the same id for the same thing, for ever. */
export interface Notice {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** When it became true. */
  readonly at: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The warnings of the keys that expire, as messages. */
export const keyNotices = (expiring: readonly ExpiringKey[]): readonly Notice[] =>
  expiring.map(({ record: { id: keyId, name, role, expiresAt, createdAt }, withinDays }) => ({
    id: `key-expires-${keyId}-${withinDays}`,
    ...{ type: KEY_EXPIRES, subject: `key:${keyId}`, at: Math.max(createdAt, (expiresAt ?? 0) - withinDays * DAY) },
    data: { keyId, name, role, expiresAt: formatInstant(expiresAt ?? 0), withinDays },
  }));

/**
 * Enqueues each notice once for every endpoint that receives them, whichever process is first and however often processes restart. An endpoint that is
 * registered or set active later receives what still holds then. Returns the number of messages enqueued.
 */
export async function enqueueNotices(
  database: Database,
  notices: readonly Notice[],
  now: () => Instant,
): Promise<number> {
  if (notices.length === 0) return 0;
  return database.transaction(async (tx) => {
    const [lock] = await tx.query<{ acquired: boolean }>(`SELECT ${tryLock(LOCKS.webhookFanOut)} AS acquired`);
    if (lock?.acquired !== true) return 0;
    const due = await tx.query<{ endpoint_id: string; message_id: string } & Row>(
      `INSERT INTO perennial_webhooks.notices (endpoint_id, message_id)
         SELECT endpoint_id, t.id FROM perennial_webhooks.endpoints
           CROSS JOIN jsonb_array_elements_text($1::text::jsonb) AS t(id)
          WHERE status IN ('active', 'paused') AND $2 = ANY(feeds)
       ON CONFLICT DO NOTHING RETURNING endpoint_id, message_id`,
      [JSON.stringify(notices.map(({ id }) => id)), NOTICES],
    );
    const byId = new Map(notices.map((notice) => [notice.id, notice]));
    await insertDeliveries(
      tx,
      due.map(({ endpoint_id, message_id }) => {
        const { subject, headers, body } = rendered(byId.get(message_id) as Notice);
        return [endpoint_id, message_id, NOTICES, subject, JSON.stringify(headers), body] as const;
      }),
      now(),
    );
    return due.length;
  });
}

/** The CloudEvent in the binary mode of HTTP, as the feeds are sent. */
function rendered({ id, type, subject, at, data }: Notice) {
  const { headers, body } = httpEvent({
    topic: NOTICES,
    key: subject,
    value: JSON.stringify(data),
    headers: {
      ...{ ce_specversion: '1.0', ce_id: id, ce_source: 'perennial', ce_type: type },
      ...{ ce_time: formatInstant(at), ce_subject: subject, 'content-type': 'application/json' },
    },
  });
  return { subject, headers, body };
}
