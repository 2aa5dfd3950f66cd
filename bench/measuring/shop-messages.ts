import type { OutgoingMessage } from '#platform';
import { shopEvent, type ShopEvent, type ShopOptions } from './shop-events.js';

/** Our own JSON form, or a CloudEvent with its attributes in headers. */
export type MessageForm = 'json' | 'binary';

/** Event number `n` of a shop as a channel puts it into a topic: keyed by whom it names first, so that hers keep their order. */
export function shopMessage(n: number, topic: string, form: MessageForm, shop: ShopOptions): OutgoingMessage {
  const event = shopEvent(n, shop);
  const key = event.identifiers[0]?.value ?? null;
  return form === 'json'
    ? { topic, key, value: JSON.stringify(event), headers: { 'content-type': 'application/json' } }
    : { topic, key, value: JSON.stringify(event.data), headers: attributes(event) };
}

function attributes({ id, source, type, time, channel, identifiers, correlationId }: ShopEvent) {
  return {
    ...{ ce_specversion: '1.0', ce_id: id, ce_source: source, ce_type: type, ce_time: time, ce_channel: channel },
    ...{ ce_correlationid: correlationId, ce_identifiers: JSON.stringify(identifiers) },
    'content-type': 'application/json',
  };
}
