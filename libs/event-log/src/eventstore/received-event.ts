import type { ResolvedEvent } from '@eventstore/db-client';
import type { Place } from './checkpoints.js';
import { WireReader } from './wire-reader.js';

/** One message of a subscription. */
export interface Received {
  /** Empty where the event of a link was deleted; null where the message is none of an event. */
  readonly event: ResolvedEvent | null;
  /** As far as the server has looked. */
  readonly checkpoint: Place | null;
  /** The server has accepted the subscription. */
  readonly confirms: boolean;
}

const NOTHING: Received = { event: null, checkpoint: null, confirms: false };

/** The fields of the protocol's messages that are read here; all others are passed over. */
const RESPONSE = { event: 1, confirmation: 2, checkpoint: 3 };
const READ_EVENT = { event: 1 };
const RECORD = { id: 1, stream: 2, revision: 3, prepare: 4, commit: 5, properties: 6, metadata: 7, data: 8 };
const CHECKPOINT = { commit: 1, prepare: 2 };
const UUID = { string: 2 };
const STREAM = { name: 3 };
const ENTRY = { key: 1, value: 2 };

/**
 * A message of a subscription, from its bytes. The client's generated classes take three times as long for it, and its conversion then parses data and
 * metadata, whose text is kept here: a reader of a long log parses each event once, and only what it needs.
 *
 * @throws RangeError where the bytes are no such message
 */
export function received(bytes: Buffer): Received {
  const reader = new WireReader(bytes);
  let message = NOTHING;
  while (reader.next()) {
    if (reader.field === RESPONSE.event) message = { ...NOTHING, event: resolvedEvent(reader.message()) };
    else if (reader.field === RESPONSE.checkpoint) message = { ...NOTHING, checkpoint: placeIn(reader.message()) };
    else {
      if (reader.field === RESPONSE.confirmation) message = { ...NOTHING, confirms: true };
      reader.skip();
    }
  }
  return message;
}

function placeIn(reader: WireReader): Place {
  let [commit, prepare] = [0n, 0n];
  while (reader.next())
    if (reader.field === CHECKPOINT.commit) commit = reader.bigint();
    else if (reader.field === CHECKPOINT.prepare) prepare = reader.bigint();
    else reader.skip();
  return { commit, prepare };
}

function resolvedEvent(reader: WireReader): ResolvedEvent {
  let event: ResolvedEvent = {};
  while (reader.next())
    if (reader.field === READ_EVENT.event) event = { event: recordIn(reader.message()) };
    else reader.skip();
  return event;
}

function recordIn(reader: WireReader): NonNullable<ResolvedEvent['event']> {
  let [id, streamId, type, ticks] = ['', '', '', ''];
  let [revision, commit, prepare] = [0n, null as bigint | null, 0n];
  let data = NO_BYTES;
  let metadata = NO_BYTES;
  while (reader.next())
    switch (reader.field) {
      case RECORD.id:
        id = reader.message().textOf(UUID.string);
        break;
      case RECORD.stream:
        streamId = reader.message().textOf(STREAM.name);
        break;
      case RECORD.revision:
        revision = reader.bigint();
        break;
      case RECORD.prepare:
        prepare = reader.bigint();
        break;
      case RECORD.commit:
        commit = reader.bigint();
        break;
      case RECORD.properties: {
        const entry = reader.message();
        let key = '';
        while (entry.next())
          if (entry.field === ENTRY.key) key = entry.text();
          else if (entry.field !== ENTRY.value) entry.skip();
          else if (key === 'type') type = entry.text();
          else if (key === 'created') ticks = entry.text();
          else entry.skip();
        break;
      }
      case RECORD.metadata:
        metadata = reader.bytes();
        break;
      case RECORD.data:
        data = reader.bytes();
        break;
      default:
        reader.skip();
    }
  return {
    ...{ streamId, id, revision, type, isJson: false, data, metadata, created: createdAt(ticks) },
    ...(commit === null ? {} : { position: { commit, prepare } }),
  };
}

const NO_BYTES: Uint8Array = new Uint8Array();

export const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('utf8');

/** From units of 100 ns, of which a number holds too few digits. */
function createdAt(ticks: string): Date {
  return new Date(ticks === '' ? 0 : Number(ticks.slice(0, -4)));
}
