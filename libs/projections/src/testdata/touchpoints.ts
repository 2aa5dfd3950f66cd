import { createHash } from 'node:crypto';
import { DAY, STREAMS } from '#contracts';
import type { AppendItem, EventLog } from '#event-log';

/** `day(3)` is 00:00 UTC three days after 1 January 2024. */
export const day = (n: number): number => Date.UTC(2024, 0, 1) + n * DAY;

/** A subject's id as ingestion makes it, but without a key. */
export const subject = (namespace: string, value: string): string =>
  createHash('sha256').update(`${namespace}\0${value}`).digest('hex').slice(0, 32);

/** `who`: the customer's identifiers by namespace, the strongest first. */
export interface TestTouchpoint {
  readonly who: Readonly<Record<string, string>>;
  readonly at: number;
  readonly type: string;
  readonly data?: Record<string, unknown>;
  readonly id?: string;
  readonly test?: true;
  readonly brand?: string;
}

let counter = 0;

/** A touchpoint as ingestion appends it: to the stream of the first identifier of `who`. */
export function touchpoint({ who, at, type, data = {}, id, test, brand }: TestTouchpoint): AppendItem {
  const identifiers = Object.entries(who).map(([namespace, value]) => ({
    namespace,
    role: 'self' as const,
    subjectId: subject(namespace, value),
    sealed: `sealed:${value}`,
  }));
  const meta = {
    channel: 'shop',
    identifiers,
    receivedAt: at,
    ...(test ? { test } : {}),
    ...(brand === undefined ? {} : { brand }),
  };
  const eventId = id ?? `e${++counter}`;
  return {
    stream: STREAMS.subject(identifiers[0]?.subjectId ?? ''),
    event: {
      source: 'shop',
      id: eventId,
      type,
      schemaVersion: 1,
      occurredAt: at,
      contentHash: createHash('md5')
        .update(JSON.stringify([eventId, type, at, data]))
        .digest(),
      meta: JSON.stringify(meta),
      data: JSON.stringify(data),
    },
  };
}

/** An order of one item. */
export function order(
  who: TestTouchpoint['who'],
  at: number,
  orderId: string,
  amountMinor = 1_000,
  category = 'tea',
): AppendItem {
  return touchpoint({
    who,
    at,
    type: 'order-placed',
    id: `order-${orderId}`,
    data: {
      orderId,
      currency: 'EUR',
      lines: [{ sku: `sku-${category}`, category, quantity: 1, unitPriceMinor: amountMinor }],
    },
  });
}

/** Appends all items, `batch` at a time. */
export async function appendAll(log: EventLog, items: readonly AppendItem[], batch = 100): Promise<void> {
  for (let at = 0; at < items.length; at += batch) {
    const verdicts = await log.appendMany(items.slice(at, at + batch));
    const wrong = verdicts.find((verdict) => verdict.status !== 'accepted' && verdict.status !== 'duplicate');
    if (wrong !== undefined) throw new Error(`Not appended: ${JSON.stringify(wrong)}`);
  }
}
