import type { OutgoingMessage } from '#platform';
import { shopEvent, type ShopEvent, type ShopOptions } from './shop-events.js';

/** Our own JSON form; or CloudEvents: attributes in headers, in JSON, or several in JSON. */
export type MessageForm = 'json' | 'binary' | 'structured' | 'batch';

/** Events in a message that holds a batch. */
const BATCH_EVENTS = 10;

/**
 * Consecutive events of a shop as a channel puts them into a topic: keyed by the first identifier of each, so that a customer's events keep their order; a
 * batch by the first of them.
 */
export function shopMessages(
  from: number,
  count: number,
  topic: string,
  form: MessageForm,
  shop: ShopOptions,
): OutgoingMessage[] {
  const size = form === 'batch' ? BATCH_EVENTS : 1;
  const messages: OutgoingMessage[] = [];
  for (let at = from; at < from + count; at += size) {
    const events = Array.from({ length: Math.min(size, from + count - at) }, (_, n) => shopEvent(at + n, shop));
    messages.push({ topic, key: events[0]?.identifiers[0]?.value ?? null, ...body(form, events) });
  }
  return messages;
}

function body(form: MessageForm, events: readonly ShopEvent[]): Pick<OutgoingMessage, 'value' | 'headers'> {
  const [event] = events as [ShopEvent];
  switch (form) {
    case 'json':
      return { value: JSON.stringify(event), headers: { 'content-type': JSON_TYPE } };
    case 'binary':
      return { value: JSON.stringify(event.data), headers: inHeaders(event) };
    case 'structured':
      return {
        value: JSON.stringify(inJson(event)),
        headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
      };
    case 'batch':
      return {
        value: JSON.stringify(events.map(inJson)),
        headers: { 'content-type': 'application/cloudevents-batch+json' },
      };
  }
}

const JSON_TYPE = 'application/json';

function inHeaders({ id, source, type, time, channel, identifiers, correlationId }: ShopEvent) {
  return {
    ...{ ce_specversion: '1.0', ce_id: id, ce_source: source, ce_type: type, ce_time: time, ce_channel: channel },
    ...{ ce_correlationid: correlationId, ce_identifiers: JSON.stringify(identifiers) },
    'content-type': JSON_TYPE,
  };
}

function inJson({ correlationId, data, ...event }: ShopEvent): object {
  return { specversion: '1.0', ...event, correlationid: correlationId, datacontenttype: JSON_TYPE, data };
}
