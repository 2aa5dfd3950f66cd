import { describe, expect, it } from '@jest/globals';
import { deadLetter } from './dead-letters.js';

describe('a dead letter', () => {
  const place = { topic: 'touchpoints.web', partition: 3 };
  const bad = {
    ...{ index: 0, source: null, id: null, outcome: 'quarantined' as const, quarantineId: 'q1' },
    ...{ code: 'unreadable', pointer: '#', detail: 'is not JSON', hint: 'send JSON' },
  };

  it('is the message as it came, and says why it lies there', () => {
    const message = {
      ...{ offset: 7, timestamp: 0, key: Buffer.from('ann'), value: Buffer.from('x') },
      headers: { tag: [Buffer.from('a'), Buffer.from('b')], shop: Buffer.from('süd') },
    };
    expect(deadLetter(place, message, [bad])).toMatchObject({
      ...{ topic: 'touchpoints.web.dlq', key: message.key, value: message.value },
      headers: { ...message.headers, 'perennial-code': 'unreadable', 'perennial-offset': '7' },
    });
  });

  it('has an empty header where one had no value: kafkajs cannot send such ones, and the partition would never go on', () => {
    const headers = { empty: null, some: [null, Buffer.from('b')] };
    const letter = deadLetter(place, { offset: 7, timestamp: 0, key: null, value: null, headers }, [bad]);
    expect(letter.headers).toMatchObject({ empty: '', some: ['', Buffer.from('b')] });
  });
});
