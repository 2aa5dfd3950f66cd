import { subjectOfStream, touchpointType, TypeRegistry, type Data, type Separated } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { registeredTypes } from '#ingestion';

/** What is needed of a recorded event to tell its data from text that is personal now. */
export type RecordedData = Pick<RecordedEvent, 'stream' | 'type' | 'schemaVersion' | 'data'>;

/** Divides the data of a recorded event, by the types as they are now, into what every reader may see and text that is personal. */
export type Divider = (event: RecordedData) => Separated;

/**
 * Data hold text in the clear where a field became personal after the event was recorded: it counts as personal, whatever the log holds. Whatever shows data of
 * touchpoints passes through here.
 */
export function dividerBy(types: TypeRegistry): Divider {
  return ({ stream, type, schemaVersion, data: text }) => {
    const data = JSON.parse(text) as Data;
    // What the engine records itself has no field that became personal.
    return subjectOfStream(stream) === null
      ? { data, personal: {} }
      : types.separateRecorded(type, schemaVersion, data);
  };
}

/** As `dividerBy`, by the types of the log: registered ones are read only where one of the events has such a type. */
export async function dividerOf(
  log: Pick<EventLog, 'read'>,
  events: readonly Pick<RecordedData, 'stream' | 'type'>[],
): Promise<Divider> {
  const hasCustom = events.some(
    ({ stream, type }) => subjectOfStream(stream) !== null && touchpointType(type) === null,
  );
  return dividerBy(hasCustom ? await registeredTypes(log) : TypeRegistry.BUILT_IN);
}
