import {
  joinPersonal,
  subjectOfStream,
  touchpointType,
  upcast,
  type PersonalFields,
  type TouchpointMeta,
} from '#contracts';
import { question, type AskContext } from '../asking/question.js';
import { refuse } from '../asking/refused.js';
import { lifeOf, type LivedEvent } from '../reading/life.js';
import { ONE_CUSTOMER } from '../reading/who.js';

/** One customer's touchpoints in the order in which they happened, read from the log. */
export const timeline = question({
  name: 'timeline',
  summary: "One customer's touchpoints, in the order in which they happened.",
  description:
    'Read from the log. Personal fields stand in data for an asker with the permission read-personal, and are absent otherwise, and for everybody once she was erased.',
  permission: 'read',
  params: {
    ...ONE_CUSTOMER,
    type: { type: 'text', maxLength: 128, description: 'only touchpoints of this type.' },
  },
  time: 'as-of and known-at',
  paged: true,
  columns: [
    { name: 'occurredAt', type: 'instant', description: 'when it happened' },
    { name: 'type', type: 'text', description: 'what it was' },
    { name: 'group', type: 'text', nullable: true, description: 'its group in the catalogue; null for a custom type' },
    { name: 'channel', type: 'text', description: 'through which channel' },
    { name: 'source', type: 'text', description: 'who told us' },
    { name: 'id', type: 'text', description: 'the id by which the source names it' },
    { name: 'subjectId', type: 'text', description: 'the subject of hers whose stream holds it' },
    { name: 'recordedAt', type: 'instant', description: 'when the log took it' },
    { name: 'position', type: 'integer', description: 'its place in the log' },
    { name: 'test', type: 'boolean', description: 'test or internal traffic: left out of every figure' },
    { name: 'data', type: 'json', description: 'what it told, in the newest version of its type' },
  ],
  async answer(context, { params, asOf, knownAt, position, after, limit }) {
    const life = await lifeOf(context, params, { knownAt, position });
    const told = life.events.filter(
      ({ event }) => event.occurredAt <= asOf && (params.type === null || event.type === params.type),
    );
    const from = after === null ? 0 : placeAfter(told, Number(after[0]));
    const page = told.slice(from, from + limit);
    return {
      rows: await withData(context, page),
      next: from + limit < told.length ? [page.at(-1)?.event.position ?? 0] : null,
      position: life.position,
    };
  },
});

/** Where the page after an event begins. The log only grows, but a merge may be undone between two pages. */
function placeAfter(told: readonly LivedEvent[], position: number): number {
  const index = told.findIndex(({ event }) => event.position === position);
  if (index < 0)
    throw refuse(
      'cursor',
      'the touchpoint at which the page before ended is hers no more',
      'Begin anew without cursor.',
    );
  return index + 1;
}

async function withData(context: AskContext, page: readonly LivedEvent[]): Promise<Record<string, unknown>[]> {
  const metas = page.map(({ recorded }) => JSON.parse(recorded.meta) as TouchpointMeta);
  const sealed = page.map(({ recorded }, index) => ({
    subjectId: subjectOfStream(recorded.stream) ?? '',
    sealed: metas[index]?.sealed ?? null,
  }));
  const opened = context.mayReadPersonal ? await context.personalData.open(sealed) : [];
  return page.map(({ event, recorded }, index) => {
    const personal = opened[index] ?? null;
    const data = JSON.parse(recorded.data) as Record<string, unknown>;
    const whole = personal === null ? data : joinPersonal(data, JSON.parse(personal) as PersonalFields);
    return {
      ...event,
      group: touchpointType(event.type)?.group ?? null,
      data: upcast(recorded.type, recorded.schemaVersion, whole),
    };
  });
}
