import { StoredLog, type Proposed } from './stored-log.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

function event(type: string, data: Uint8Array, metadata = bytes(''), json = true): Proposed {
  return { id: crypto.randomUUID(), type, json, data, metadata };
}

/**
 * A database that others have long used: the server's own events, streams of another tenant, links, data that is not JSON,
 * metadata that is missing, broken or not an object, streams that were deleted, softly and for ever, and begun again.
 */
export function livedInLog(): StoredLog {
  const log = new StoredLog();
  for (let day = 0; day < 40; day += 1) {
    const order = `order-${day}`;
    log.append('$stats-127.0.0.1:2113', 'any', [event('$statsCollected', bytes(`{"day":${day}}`))]);
    log.append(order, 'any', [
      event('order-placed', bytes('{"not":"ours"}')),
      event('order-paid', bytes('{"torn":'), bytes('null')),
      event('order-packed', Buffer.from([0, 255, 254, 128]), bytes('not JSON'), false),
      event('order-sent', bytes(''), bytes('{"perennial":"a word"}')),
      event('order-read', bytes('[1]'), bytes('7')),
    ]);
    log.append('$ce-order', 'any', [event('$>', bytes(`0@${order}`), bytes('{"$v":"1:-1:1:4"}'), false)]);
    log.append(`$$${order}`, 'any', [event('$metadata', bytes('{"$maxCount":3}'))]);
    if (day % 4 === 0) log.delete(order);
    if (day % 4 === 1) log.tombstone(order);
    if (day % 8 === 0) log.append(order, 'any', [event('order-placed', bytes('{"again":true}'))]);
  }
  // Another program that names its streams as we do.
  log.append('perennial.by-hand', 'any', [event('by-hand', bytes('{}'), bytes('{"perennial":{"source":1}}'))]);
  return log;
}
