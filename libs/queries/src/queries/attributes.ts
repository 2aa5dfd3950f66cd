import { Default, Describe, Flag, Optional, Text } from '#contracts';
import { attributeRows } from '../reading/attribute-rows.js';
import { knownCustomer } from '../reading/life.js';
import { OneCustomer } from '../reading/who.js';
import { query } from '../running/query.js';

class AttributesParams extends OneCustomer {
  @Optional() @Text(200) @Describe('only the attribute of this name') name!: string | null;
  @Default(false) @Flag() @Describe('whether to show the values that held before as well') history!: boolean;
}

/** What is known of one customer beside their stage: which value holds, from which source, since when. */
export const attributes = query({
  name: 'attributes',
  summary: "One customer's attributes: which value holds, from which source, since when.",
  description:
    'Stated attributes come from touchpoints of the type profile-updated: of several sources the one that the definition names first, then the one with the higher precedence, then the newest. They are sealed, and open for a purpose; without one, their values are null, and those that no definition names are not listed. Computed attributes follow from touchpoints. Read from the log, with the definitions that were in force at known-at.',
  permission: 'read',
  params: AttributesParams,
  time: 'as-of and known-at',
  paged: true,
  opens: ['value', 'band', 'source', 'eventId'],
  columns: [
    { name: 'name', type: 'text', description: 'the attribute' },
    { name: 'kind', type: 'text', description: 'stated, or computed' },
    {
      name: 'use',
      type: 'text',
      description: 'closed; filterable: customers can be selected by it. Computed attributes are filterable',
    },
    {
      name: 'value',
      type: 'json',
      nullable: true,
      description: 'its value; null where none holds, or without a purpose',
    },
    {
      name: 'band',
      type: 'text',
      nullable: true,
      description: 'the band by which customers are selected, if it has one',
    },
    {
      name: 'source',
      type: 'text',
      nullable: true,
      description: 'the source of the touchpoint that it comes from; null of a count, a sum and a score',
    },
    { name: 'eventId', type: 'text', nullable: true, description: 'the id of that touchpoint' },
    { name: 'since', type: 'instant', nullable: true, description: 'since when this value held, from this source' },
    { name: 'until', type: 'instant', nullable: true, description: 'until when; null while it holds' },
    {
      name: 'changesAt',
      type: 'instant',
      nullable: true,
      description: 'when it can change next by the passing of time alone: a window or a band of age moves on',
    },
    {
      name: 'version',
      type: 'integer',
      nullable: true,
      description: 'the version of its definition; null where it is not defined',
    },
  ],
  async answer(context, { params, asOf, knownAt, position: bound, after, limit }) {
    const { subjectIds, position } = await knownCustomer(context, params, { knownAt, position: bound });
    const rows = await attributeRows(context, subjectIds, {
      position,
      asOf,
      name: params.name,
      history: params.history,
    });
    const from = after === null ? 0 : Number(after[0]) + 1;
    const page = rows.slice(from, from + limit);
    return { rows: page, next: from + limit < rows.length ? [from + limit - 1] : null, position };
  },
});
