import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#event-log';
import { day } from '../../testdata/touchpoints.js';
import { quarantineChanges } from './projection.js';
import { QUARANTINE } from './table.js';

const fact = (type: string, data: object, over: Partial<RecordedEvent> = {}): RecordedEvent => ({
  ...{ stream: 'quarantine-q1', source: 'perennial', id: `q1/${type}`, type, schemaVersion: 2, occurredAt: day(1) },
  ...{ meta: '{}', data: JSON.stringify(data), position: 7, revision: 0, recordedAt: day(2) },
  ...over,
});
const QUARANTINED = {
  ...{ source: 'shop', eventId: 'e1', type: 'order-placed', code: 'invalid', receivedAt: day(1), subjectId: 'a' },
  ...{ pointer: '#/data/currency', detail: 'must be a currency', hint: 'write EUR' },
};

describe('the list of quarantined events', () => {
  it('given a quarantined event, says what is wrong, where, and how to fix it', () => {
    const { opened, closed } = quarantineChanges([fact('event-quarantined', QUARANTINED)]);
    expect(opened).toEqual([
      {
        ...{ quarantine_id: 'q1', position: 7, source: 'shop', event_id: 'e1', type: 'order-placed', code: 'invalid' },
        ...{ pointer: '#/data/currency', detail: 'must be a currency', hint: 'write EUR' },
        ...{ received_at: day(1), status: 'open', subject_id: 'a', released_position: null },
        ...{ file: null, line: null, row_id: null, claimed_source: null },
      },
    ]);
    expect(closed).toEqual([]);
    expect(Object.keys(opened[0] ?? {}).sort()).toEqual(Object.keys(QUARANTINE.columns).sort());
  });

  it('given an event that was stored in version 1, shows it in the same words', () => {
    const golden = join(import.meta.dirname, '../../../../contracts/golden/event-quarantined.v1.json');
    const { data, becomes } = JSON.parse(readFileSync(golden, 'utf8')) as { data: object; becomes: object };
    expect(quarantineChanges([fact('event-quarantined', data, { schemaVersion: 1 })])).toEqual(
      quarantineChanges([fact('event-quarantined', becomes)]),
    );
  });

  it('given an event of which nothing could be read, has nulls, and the time of recording', () => {
    const { opened } = quarantineChanges([fact('event-quarantined', { source: null, eventId: null, type: null })]);
    expect(opened).toMatchObject([
      {
        ...{ source: null, event_id: null, type: null, code: 'unknown', pointer: null, detail: '', hint: null },
        ...{ received_at: day(2), subject_id: null },
      },
    ]);
  });

  it('given a version that this program does not know, reads it as it is: the indexer goes on', () => {
    const { opened } = quarantineChanges([fact('event-quarantined', QUARANTINED, { schemaVersion: 99 })]);
    expect(opened).toMatchObject([{ code: 'invalid', detail: 'must be a currency' }]);
  });

  it('given a release or a discard, closes the row with the position of that fact', () => {
    const released = fact('event-released', { by: 'local' }, { position: 9, revision: 1 });
    const discarded = fact('event-discarded', { by: 'local' }, { stream: 'quarantine-q2', position: 11, revision: 1 });
    expect(quarantineChanges([released, discarded]).closed).toEqual([
      { quarantine_id: 'q1', status: 'released', released_position: 9 },
      { quarantine_id: 'q2', status: 'discarded', released_position: 11 },
    ]);
  });

  it('given a row of a file, says where it stands, and which row it is by its content', () => {
    const row = `row-${'0a'.repeat(12)}-1`;
    const place = { file: 'orders.csv', line: 7 };
    const { opened } = quarantineChanges([
      fact('event-quarantined', { ...QUARANTINED, ...place, row }),
      fact('event-quarantined', { ...QUARANTINED, ...place, eventId: row }, { stream: 'quarantine-q2' }),
    ]);
    expect(opened).toMatchObject([
      { ...place, row_id: row, event_id: 'e1' },
      { ...place, row_id: row, event_id: row },
    ]);
  });

  it('given an event that was read again, has it replaced; only the first close counts', () => {
    const replaced = fact('event-discarded', { by: 'local', replaced: true }, { position: 9, revision: 1 });
    const later = fact('event-released', {}, { position: 12, revision: 2 });
    expect(quarantineChanges([replaced, later]).closed).toEqual([
      { quarantine_id: 'q1', status: 'replaced', released_position: 9 },
    ]);
  });

  it('given the same facts twice, changes the same rows once', () => {
    const facts = [fact('event-quarantined', QUARANTINED), fact('event-released', {}, { position: 9, revision: 1 })];
    expect(quarantineChanges([...facts, ...facts])).toEqual(quarantineChanges(facts));
  });
});
