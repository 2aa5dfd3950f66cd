import { subjectOfStream, upcast, type TouchpointMeta } from '#contracts';
import type { RecordedEvent } from '#event-log';
import type { LifecycleEvent } from '#lifecycle';

const CHANNEL_FIRST = '{"channel":"';

/** A recorded touchpoint as the fold takes it: upcast to the newest version of its type. */
export function toLifecycleEvent(event: RecordedEvent): LifecycleEvent {
  const { channel, test } = readMeta(event.meta);
  return {
    position: event.position,
    recordedAt: event.recordedAt,
    occurredAt: event.occurredAt,
    source: event.source,
    id: event.id,
    type: event.type,
    channel,
    subjectId: subjectOfStream(event.stream) ?? '',
    test,
    data: upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Record<string, unknown>),
  };
}

/** The two things that the fold needs of the metadata. Intake writes the channel first, so most need not be parsed. */
function readMeta(meta: string): { channel: string; test: boolean } {
  if (meta.startsWith(CHANNEL_FIRST) && !meta.includes('"test"')) {
    const end = meta.indexOf('"', CHANNEL_FIRST.length);
    const channel = meta.slice(CHANNEL_FIRST.length, end);
    if (end !== -1 && !channel.includes('\\')) return { channel, test: false };
  }
  const read = JSON.parse(meta) as TouchpointMeta;
  return { channel: read.channel, test: read.test === true };
}
