import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Samples } from '../../conformance/fixture.js';
import type { MovedEvent } from '../moving/moved-event.js';
import { importGroups } from './import-groups.js';

describe('the appends of a log that is moved in', () => {
  const samples = new Samples();
  const moved = (stream: string): MovedEvent => ({
    ...samples.event(),
    stream,
    position: 1,
    revision: 0,
    recordedAt: 1,
  });

  it('hold the events in the order of the log, neighbours of one stream together', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }), (streams) => {
        const events = streams.map(moved);
        const groups = importGroups(events, 'ours.');
        expect(groups.flatMap((group) => group.events)).toEqual(events);
        expect(
          groups.every(({ request, events: its }) => its.every(({ stream }) => `ours.${stream}` === request.stream)),
        ).toBe(true);
        const begins = streams.filter((stream, at) => stream !== streams[at - 1]);
        expect(groups.map(({ request }) => request.stream)).toEqual(begins.map((stream) => `ours.${stream}`));
      }),
    );
  });

  it('end at an event that cannot be stored, with its name', () => {
    expect(() => importGroups([{ ...moved('a'), id: 'bad', schemaVersion: 0 }], 'ours.')).toThrow(
      /The event bad of .* cannot be taken over/,
    );
  });
});
