import { isDay, nearest } from '#contracts';
import { arrayText } from '#database';
import { storedAttribute, type AttributeDefinition, type ComputedPart, type ProfilePart } from '#lifecycle';
import { reject } from '../running/query-rejected.js';
import type { ReadModels } from './read-models.js';
import type { Where } from './where.js';

/** What the value of an attribute is compared with: `plan=gold`. */
export interface AttributeCondition {
  readonly name: string;
  readonly op: '=' | '!=' | '>=' | '<=' | '>' | '<';
  readonly value: string;
}

const CONDITION = /^\s*([A-Za-z][A-Za-z0-9_.-]*)\s*(>=|<=|!=|=|>|<)\s*(.*?)\s*$/s;

/** The conditions of the parameter `attribute`. @throws QueryRejected where one cannot be read */
export function attributeConditions(text: string | null): readonly AttributeCondition[] {
  if (text === null) return [];
  return text.split(',').map((part) => {
    const [, name = '', op = '', value = ''] = CONDITION.exec(part) ?? [];
    if (name === '' || value === '')
      throw reject(
        'attribute',
        `holds a condition that cannot be read (${JSON.stringify(part.trim().slice(0, 100))})`,
        'write NAME=VALUE, such as plan=gold, with commas between several',
      );
    return { name, op: op as AttributeCondition['op'], value };
  });
}

/** An attribute as the read models hold it. */
export interface DefinedAttribute {
  readonly definition: AttributeDefinition;
  /** What was known of it before its definition is still being taken from the log. */
  readonly filling: boolean;
}

export async function definedAttributes(models: ReadModels): Promise<ReadonlyMap<string, DefinedAttribute>> {
  const rows = await models.query<{ definition: unknown; filling: boolean }>(
    'SELECT definition, fill_to IS NOT NULL AS filling FROM attribute_definitions',
  );
  return new Map(
    rows.map(({ definition: stored, filling }) => {
      const definition = storedAttribute(stored);
      return [definition.name, { definition, filling }];
    }),
  );
}

/**
 * SQL: whether an attribute of the customer that a column names is so at the instant `$1`.
 * @throws QueryRejected where customers cannot be selected by it, or it cannot be compared so
 */
export function attributeSql(
  { name, op, value }: AttributeCondition,
  defined: ReadonlyMap<string, DefinedAttribute>,
  where: Where,
  customerId: string,
): string {
  const found = defined.get(name);
  if (found === undefined) {
    const likely = nearest(name, [...defined.keys()]);
    throw reject(
      'attribute',
      `names an attribute that is not defined (${name})`,
      likely === null ? 'perennial attribute list shows all of them' : `did you mean ${likely}?`,
    );
  }
  const { definition, filling } = found;
  if (definition.profile?.use === 'closed')
    throw reject('attribute', `names a closed attribute (${name})`, 'define its next version with "use": "filterable"');
  if (filling)
    throw reject('attribute', `names an attribute that is still being filled (${name})`, 'try again in a moment');
  const facts = `FROM subjects s JOIN attribute_facts f ON f.subject_id = s.subject_id AND f.name = ${where.param(name)}::text
                WHERE s.customer_id = ${customerId} AND f.at <= $1::timestamptz AND COALESCE(f.from_at <= $1::timestamptz, true) AND COALESCE(f.until_at > $1::timestamptz, true)`;
  const held =
    definition.profile === undefined
      ? computedSql(definition.computed, facts, where)
      : statedSql(definition.profile, facts, where);
  return compared(held, definition, { name, op, value }, where, customerId);
}

/** As `heldAt`: of each source its newest word, then the one that goes first. */
const statedSql = ({ sources = [] }: ProfilePart, facts: string, where: Where): string =>
  `(SELECT held.value
      FROM (SELECT DISTINCT ON (f.source) f.value, f.source, f.stated, f.precedence, f.at, f.event_id ${facts}
             ORDER BY f.source, f.at DESC, f.event_id DESC, f.seq DESC) held
     WHERE held.stated
     ORDER BY array_position(${where.param(arrayText(sources))}::text[], held.source) NULLS LAST, held.precedence DESC, held.at DESC, held.source DESC, held.event_id DESC
     LIMIT 1)`;

/** As `attributeAt` of a computed attribute. */
function computedSql(part: ComputedPart, facts: string, where: Where): string {
  const inOrder = (direction: 'ASC' | 'DESC'): string =>
    ['at', 'source', 'event_id', 'seq'].map((column) => `f.${column} ${direction}`).join(', ');
  switch (part.function) {
    case 'count':
      return `(SELECT count(*)::numeric ${facts})`;
    case 'sum':
      return `(SELECT COALESCE(sum(f.value::numeric), 0) ${facts})`;
    case 'score': {
      const { value = 0, minimumCount = 1, maximumCount = null, per = 'once' } = part;
      const points = `${where.param(String(value))}::numeric${per === 'each' ? ' * count(*)' : ''}`;
      const most = maximumCount === null ? '' : ` AND count(*) <= ${where.param(maximumCount)}::int`;
      return `(SELECT CASE WHEN count(*) >= ${where.param(minimumCount)}::int${most} THEN ${points} ELSE 0 END ${facts})`;
    }
    case 'first':
      return `(SELECT f.value ${facts} ORDER BY ${inOrder('ASC')} LIMIT 1)`;
    case 'last':
      return `(SELECT f.value ${facts} ORDER BY ${inOrder('DESC')} LIMIT 1)`;
    case 'most-frequent':
      return `(SELECT f.value FROM (SELECT f.*, count(*) OVER (PARTITION BY f.value) AS times ${facts}) f
                ORDER BY f.times DESC, ${inOrder('DESC')} LIMIT 1)`;
  }
}

const NUMBER = /^-?\d{1,30}(?:\.\d{1,15})?$/;
/** What a number looks like as text, in SQL: other values of the attribute are not compared by size. */
const IS_NUMBER = String.raw`'^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$'`;

function compared(
  held: string,
  { profile, computed }: AttributeDefinition,
  { name, op, value }: AttributeCondition,
  where: Where,
  customerId: string,
): string {
  const isCounted = computed !== undefined && ['count', 'sum', 'score'].includes(computed.function);
  const isNumber = isCounted || (profile?.type === 'number' && profile.band === undefined);
  const isDayText = profile?.type === 'date' && profile.band === undefined;
  const hasOrder = isNumber || isDayText || computed !== undefined;
  const bySize = op !== '=' && op !== '!=';
  if (bySize && !hasOrder)
    throw reject('attribute', `compares ${name} by size, which its values do not have`, `write ${name}=VALUE`);
  if ((isNumber || (bySize && !isDayText)) && !NUMBER.test(value))
    throw reject('attribute', `compares ${name} with ${JSON.stringify(value)}, which is no number`, 'give a number');
  if (isDayText && !isDay(value))
    throw reject('attribute', `compares ${name} with ${JSON.stringify(value)}, which is no day`, 'write YYYY-MM-DD');
  if (profile?.type === 'flag' && value !== 'true' && value !== 'false')
    throw reject('attribute', `compares ${name} with ${JSON.stringify(value)}`, 'give true or false');
  const negated = op === '!=';
  if (isNumber || (bySize && !isDayText)) {
    const number = isCounted
      ? held
      : `(SELECT CASE WHEN v ~ ${IS_NUMBER} THEN v::numeric END FROM (SELECT ${held} AS v) t)`;
    const wanted = `${where.param(value)}::numeric`;
    return negated ? `${number} IS DISTINCT FROM ${wanted}` : `COALESCE(${number} ${op} ${wanted}, false)`;
  }
  const wanted = `${where.param(value)}::text COLLATE "C"`;
  if (negated) return `${held} IS DISTINCT FROM ${wanted}`;
  const so = `COALESCE(${held} ${op} ${wanted}, false)`;
  if (op !== '=') return so;
  // Few customers have a value, so those that never had it are left out by the index.
  return `${customerId} IN (SELECT s.customer_id FROM attribute_facts f JOIN subjects s ON s.subject_id = f.subject_id
      WHERE f.name = ${where.param(name)}::text AND left(f.value, 100) = left(${wanted}, 100) AND f.value = ${wanted}) AND ${so}`;
}
