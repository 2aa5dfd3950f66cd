import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '#contracts';
import { arrivalOf, placeInTime, type Moment } from './moment.js';
import { Rejection } from './rejection.js';

const SECOND = 1_000;
const NOW = Date.UTC(2026, 0, 31, 12);
const at = (instant: number): string => new Date(instant).toISOString();

const occurredAt = (moment: Moment | Rejection): string =>
  moment instanceof Rejection
    ? `${moment.code} ${moment.issues[0].pointer}`
    : new Date(moment.occurredAt).toISOString();

/** A client whose clock is wrong by `skew`: an event happens, waits, is sent, and arrives after the network's delay. */
const client = fc.record({
  happened: fc.integer({ min: NOW - 400 * DAY, max: NOW }),
  waited: fc.integer({ min: 0, max: 30 * DAY }),
  network: fc.integer({ min: 0, max: 10 * SECOND }),
  skew: fc.oneof(
    fc.integer({ min: -40 * 365 * DAY, max: 40 * 365 * DAY }),
    fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
  ),
  field: fc.constantFrom('time' as const, 'occurredAt' as const, 'originalTimestamp' as const),
});

describe('the time of an event', () => {
  it('is what a file says, whatever its sentAt is and whenever the file is read', () => {
    fc.assert(
      fc.property(client, fc.integer({ min: 0, max: 10 * 365 * DAY }), ({ happened, waited, field }, later) => {
        const times = { [field]: at(happened), sentAt: at(happened + waited) };
        expect(placeInTime(times, NOW + later, null)).toMatchObject({ occurredAt: happened, stated: happened });
      }),
    );
  });

  it('is corrected where the clock of a live client is wrong by five minutes or more, and only there', () => {
    fc.assert(
      fc.property(client, ({ happened, waited, network, skew, field }) => {
        const sent = happened + waited;
        const arrivedAt = sent + network;
        const times = { [field]: at(happened + skew), sentAt: at(sent + skew) };
        const corrects = Math.abs(arrivedAt - (sent + skew)) >= 5 * MINUTE;
        const expected = corrects ? happened + network : happened + skew;
        expect(placeInTime(times, arrivedAt, arrivedAt)).toMatchObject({ occurredAt: expected });
        expect(Math.abs(expected - happened)).toBeLessThan(5 * MINUTE + network + 1);
      }),
    );
  });

  it('of a message is the same whenever it is read', () => {
    const read = (times: object, timestamp: number, receivedAt: number) =>
      placeInTime(times, receivedAt, arrivalOf(message(timestamp), 'kept', receivedAt));
    fc.assert(
      fc.property(client, fc.integer({ min: 0, max: 3 * 365 * DAY }), (sender, standstill) => {
        const { happened, waited, network, skew, field } = sender;
        const record = happened + waited + network;
        const times = { [field]: at(happened + skew), sentAt: at(happened + waited + skew) };
        const placed = read(times, record, record + standstill);
        expect(placed).toEqual(read(times, record, record));
        expect(placed).toEqual(placeInTime(times, record, record));
      }),
    );
  });

  const message = (timestamp?: number) => ({
    ...{ topic: 't', partition: 0, offset: 1, key: null, headers: null },
    ...(timestamp === undefined ? {} : { timestamp }),
  });
  it.each([
    ['a request of a live client', undefined, 'live', NOW],
    ['a row of a file', undefined, 'kept', null],
    ['a message of two days ago', message(NOW - 2 * DAY), 'kept', NOW - 2 * DAY],
    ['a message a day ahead', message(NOW + DAY), 'kept', NOW + DAY],
    ['a message more than a day ahead', message(NOW + DAY + 1), 'kept', null],
    ['a message without a timestamp', message(-1), 'kept', null],
    ['a message of 1970', message(0), 'kept', null],
    ['a message that was quarantined by an earlier version', message(), 'kept', null],
  ] as const)('arrival of %s', (_, provenance, arrival, expected) => {
    expect(arrivalOf(provenance, arrival, NOW)).toBe(expected);
  });

  const TWO_DAYS = NOW - 2 * DAY;
  it.each([
    [
      '2019 in an archive',
      { originalTimestamp: '2019-05-01T10:00:00Z', sentAt: '2019-05-01T10:00:01Z' },
      null,
      '2019-05-01T10:00:00.000Z',
    ],
    [
      'a message that lay for two days',
      { time: at(TWO_DAYS), sentAt: at(TWO_DAYS + SECOND) },
      TWO_DAYS + 2 * SECOND,
      at(TWO_DAYS),
    ],
    ['a message without a time', {}, TWO_DAYS, at(TWO_DAYS)],
    [
      'a message with a wrong clock',
      { time: at(NOW + 9 * DAY), sentAt: at(NOW + 9 * DAY + MINUTE) },
      TWO_DAYS,
      at(TWO_DAYS - MINUTE),
    ],
    ['a message without a time and a timestamp', {}, null, at(NOW)],
    ['a row of a file with nothing but sentAt', { sentAt: '2019-05-01T10:00:01Z' }, null, '2019-05-01T10:00:01.000Z'],
    ['a live event with nothing but sentAt', { sentAt: at(NOW - HOUR) }, NOW, at(NOW)],
    [
      'a clock that is wrong by 4:59.999',
      { time: at(NOW - HOUR), sentAt: at(NOW - 5 * MINUTE + 1) },
      NOW,
      at(NOW - HOUR),
    ],
    [
      'a clock that is slow by 5:00',
      { time: at(NOW - HOUR), sentAt: at(NOW - 5 * MINUTE) },
      NOW,
      at(NOW - 55 * MINUTE),
    ],
    ['a clock that is fast by 5:00', { time: at(NOW), sentAt: at(NOW + 5 * MINUTE) }, NOW, at(NOW - 5 * MINUTE)],
    [
      'originalTimestamp before time',
      { time: at(NOW), originalTimestamp: at(NOW - HOUR), sentAt: at(NOW) },
      NOW,
      at(NOW - HOUR),
    ],
    [
      'sentAt in whole seconds',
      { time: '2026-01-31T11:00:00.900Z', sentAt: '2026-01-31T11:00:00Z' },
      null,
      '2026-01-31T11:00:00.900Z',
    ],
    [
      'sentAt in whole seconds of a wrong clock',
      { time: '2026-01-31T10:00:00.900Z', sentAt: '2026-01-31T10:00:00Z' },
      NOW,
      at(NOW),
    ],
    [
      'sentAt before the event',
      { time: '2026-01-31T11:00:01Z', sentAt: '2026-01-31T11:00:00Z' },
      NOW,
      'time-impossible #/sentAt',
    ],
    [
      'sentAt before the event, in a file',
      { originalTimestamp: '2019-05-01T10:00:01Z', sentAt: '2018-01-01T00:00:00Z' },
      null,
      'time-impossible #/sentAt',
    ],
    [
      'sentAt that would move the event to another age',
      { time: at(NOW), sentAt: '2199-01-01T00:00:00Z' },
      NOW,
      'time-too-early #/sentAt',
    ],
    ['sentAt of the far future in a file', { sentAt: at(NOW + 2 * DAY) }, null, 'time-in-future #/sentAt'],
    [
      'originalTimestamp of the future',
      { originalTimestamp: at(NOW + 2 * DAY) },
      NOW,
      'time-in-future #/originalTimestamp',
    ],
    ['occurredAt of the future', { occurredAt: at(NOW + 2 * DAY) }, NOW, 'time-in-future #/occurredAt'],
    ['a time of the past', { time: '1899-12-31T23:59:59Z' }, NOW, 'time-too-early #/time'],
    ['an order of 1903', { time: '1903-06-01T10:00:00Z' }, NOW, 'time-too-early #/time'],
    ['the last second that is too early', { time: '1949-12-31T23:59:59Z' }, NOW, 'time-too-early #/time'],
    ['no instant in sentAt', { sentAt: 5 }, NOW, 'envelope-invalid #/sentAt'],
    ['no instant in occurredAt', { occurredAt: 'x', time: at(NOW) }, NOW, 'envelope-invalid #/occurredAt'],
  ])('%s', (_, times, arrivedAt, expected) => {
    expect(occurredAt(placeInTime(times, NOW, arrivedAt))).toBe(expected);
  });
});
