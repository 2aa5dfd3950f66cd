import { SURVEY_SCALES, TypeRegistry, type JsonSchema } from '#contracts';
import { BUILT_IN_POLICIES, type Policy } from '#lifecycle';
import { NAMESPACE_DESCRIPTIONS, typeDescriptions, type TypeDescription } from './type-catalogue.js';

/** docs/touchpoints.md: everything that may be sent, written from the contracts and the built-in policy. A spec holds the file to it. */
export function touchpointsPage(): string {
  const types = typeDescriptions(TypeRegistry.BUILT_IN);
  return [
    INTRODUCTION,
    namespaces(),
    LINKS,
    moves(types),
    CONTENTS(types),
    ...types.map((type, at) => section(type, types[at - 1]?.group !== type.group)),
  ].join('\n\n');
}

const INTRODUCTION = `# Touchpoints: what may be sent

This page is written by \`npm run touchpoints\` from the contracts. A running engine shows the same, with the types that the business registered, at
\`GET /v1/types\`, by \`perennial types\`, and as schemas at \`/docs\`.

A touchpoint is an envelope and its \`data\`:

\`\`\`json
{
  "id": "order-1042",
  "source": "shop",
  "type": "order-placed",
  "channel": "web",
  "time": "2026-03-01T10:00:00Z",
  "identifiers": [
    { "namespace": "userId", "value": "u-1001" },
    { "namespace": "email", "value": "jane.doe@example.com" }
  ],
  "data": { "orderId": "1042", "currency": "EUR", "totalMinor": 2500 }
}
\`\`\`

| field | | meaning |
| --- | --- | --- |
| \`id\` | required | With \`source\` it names the event for ever: the same id sent again is the same event, and counts once. |
| \`source\` | required | Who sends it: \`shop\`, \`crm\`, or a URI reference. |
| \`type\` | required | One of the types below, or one that the business registered. |
| \`channel\` | required | Through which channel it came: \`web\`, \`app\`, \`store-12\`, \`call-centre\`. |
| \`identifiers\` | required | By what the customer is known: see below. A CloudEvent may give \`subject\` as \`namespace:value\` instead. |
| \`data\` | required | What the type's table below says. |
| \`time\` (or \`occurredAt\`) | | When it happened, with the offset of its zone. By default, when it is received. |
| \`sentAt\`, \`originalTimestamp\` | | The sender's own clock: with them, a wrong clock is corrected. |
| \`actor\` | | Who on the business side took part: \`{ "kind": "employee", "id": "e-17" }\`. |
| \`correlationId\`, \`causationId\` | | Ids that tie events together. |
| \`schemaVersion\` | | The version of \`data\`; the newest by default. |
| \`test\` | | \`true\` for test traffic: kept, and left out of every figure. |

Money is whole minor units (cents) beside its currency: \`2500\` with \`EUR\` is 25.00 EUR, with \`JPY\` 2500 yen, with \`KWD\` 2.500 dinar.

**The answer** sums up the outcomes: 200 where every event was accepted (or suppressed, or repeats an accepted one), 207 where some are in quarantine,
422 where all are. CloudEvents in their content modes get 200, or 202 where something is in quarantine. The answer to a stream of lines is 200, with the
counts on its last line. The header \`perennial-outcomes\` has the counts. Each quarantined event is listed with all its \`errors\`, each with a hint.
\`warnings\` names what was accepted and is likely meant otherwise: a field that no contract knows, a namespace such as \`e-mail\`, a placeholder, a type of the
business's own.`;

function namespaces(): string {
  const rows = NAMESPACE_DESCRIPTIONS.map(
    ({ name, meaning, normalisation, example: { given, known } }) =>
      `| \`${name}\` | ${meaning} | ${normalisation} | \`${JSON.stringify(given)}\` → \`${known}\` |`,
  );
  return `## Identifiers and their namespaces

The strongest first. A touchpoint is kept under the strongest identifier that it names in the role \`self\`.

| namespace | meaning | how values are normalised | example |
| --- | --- | --- | --- |
${rows.join('\n')}

The list is open: \`crmId\` or \`memberNo\` are namespaces as soon as they are sent. They are weaker than those above, keep their capitals, and lose only white space around
them. Names count as they are written: \`e-mail\` is not \`email\`, and the answer warns of it.

Placeholders such as \`0\`, \`null\`, \`unknown\`, \`test@test.com\` or \`test@example.com\` name no customer: they are left out, and an event that names nothing else is
quarantined. To try things out, use an address such as \`jane.doe@example.com\`.`;
}

const LINKS = `## What links two identifiers

**Any touchpoint that names both in the role \`self\`** (the default). There is no touchpoint for a login: send \`profile-updated\`, or whatever the customer did, with the
identifier that they had and the one that they have now:

\`\`\`json
{
  "id": "login-77",
  "source": "shop",
  "type": "profile-updated",
  "channel": "web",
  "identifiers": [
    { "namespace": "anonymousId", "value": "v-77c1" },
    { "namespace": "userId", "value": "u-1001" }
  ],
  "data": { "attributes": { "firstName": "Jane" } }
}
\`\`\`

From then on both are one customer, with the history of both. The other roles name people who take part, and link nothing: \`referee\` (who was recommended to),
\`recipient\` (who gets the gift), \`actor\`. Two values of \`userId\` are never one customer: such a link is refused, and \`perennial query refused-links\` lists it. Placeholders
link nothing.`;

const purchases =
  '`order-placed` and `subscription-started` are purchases: they take the customer from acquisition to retention. A second category, a larger plan or a referral takes them on to expansion.';

function moves(types: readonly TypeDescription[]): string {
  const { retail } = BUILT_IN_POLICIES as unknown as { readonly retail: Policy };
  const rows = types.flatMap(({ name }) =>
    (retail.signals[name] ?? []).map(
      ({ phase, intent }) => `| \`${name}\` | ${phase ?? ''} | ${intent ? 'yes' : 'no'} |`,
    ),
  );
  return `## What moves a customer

- ${purchases}
- In **acquisition** the policy's \`signals\` say which types move the customer to which phase. Only what the customer does of their own accord (intent) moves them.
- **Silence** moves them too: at risk, lapsed, lost, at their own instant. Any purchase ends it.
- **Contracts** in good standing suspend silence; payments that fail, notices and ends move the customer: see the types below.
- Cancellations and returns of which nothing is left take a purchase back, and the customer is placed again.
- Everything else is kept, shown, counted, and moves no customer. \`perennial explain\` says why each customer stands where they do.

The signals of the built-in policy \`retail\` (\`perennial policy show\` has those in force):

| type | phase that it signals | intent |
| --- | --- | --- |
${rows.join('\n')}`;
}

const CONTENTS = (types: readonly TypeDescription[]): string => {
  const groups = [...new Set(types.map(({ group }) => group))];
  const rows = groups.map((group) => {
    const names = types.filter((type) => type.group === group).map(({ name }) => `[\`${name}\`](#${name})`);
    return `| ${group} | ${names.join(', ')} |`;
  });
  return `## All types\n\n| group | types |\n| --- | --- |\n${rows.join('\n')}`;
};

function section(
  { name, group, origin, version, summary, effect, schema, example }: TypeDescription,
  isFirst: boolean,
): string {
  const fields = fieldRows(schema, '');
  return [
    ...(isFirst ? [`## ${group.charAt(0).toUpperCase()}${group.slice(1)}`] : []),
    `### ${name}`,
    `${summary} Who acts: the ${origin}.${version > 1 ? ` Version ${version}.` : ''}${effect === undefined ? '' : ` ${effect}`}`,
    `| field | | kind | meaning |\n| --- | --- | --- | --- |\n${fields.join('\n')}`,
    ...rulesOf(schema),
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
  ].join('\n\n');
}

function fieldRows(schema: JsonSchema, at: string): string[] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).flatMap(([name, field]) => {
    const place = `${at}${name}`;
    const { items } = field as { readonly items?: JsonSchema };
    const personal = field['x-personal'] === true ? ' Personal: it is sealed.' : '';
    const meaning = String(field['description'] ?? '');
    const row = `| \`${place}\` | ${required.includes(name) ? 'required' : ''} | ${kindOf(field)} | ${meaning}.${personal} |`;
    return [row, ...(items?.['properties'] === undefined ? [] : fieldRows(items, `${place}[].`))];
  });
}

function kindOf(field: JsonSchema): string {
  const { type, enum: words, format, items, minLength, maxLength, minimum, maximum } = field;
  if (Array.isArray(words)) return words.map((word) => `\`${String(word)}\``).join(', ');
  if (format === 'iso-4217') return 'currency of ISO 4217';
  if (format === 'date-time') return 'date-time of RFC 3339';
  if (format === 'date') return 'day, YYYY-MM-DD';
  switch (type) {
    case 'string':
      return `text of ${minLength === undefined ? 'at most' : '1 to'} ${count(maxLength)} characters`;
    case 'integer':
      return `whole number from ${count(minimum)} to ${count(maximum)}`;
    case 'number':
      return `number from ${count(minimum)} to ${count(maximum)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return `list of ${kindOf(items as JsonSchema)}s`;
    default:
      return 'object';
  }
}

/** The rules about several fields of one type. */
function rulesOf({ title, allOf }: JsonSchema): string[] {
  if (allOf === undefined) return [];
  switch (title) {
    case 'order-placed':
      return ['It needs `lines` or `totalMinor`.'];
    case 'survey-answered':
      return [
        `The score lies on the scale of its kind: ${Object.entries(SURVEY_SCALES)
          .map(([kind, [min, max]]) => `${kind} ${min} to ${max}`)
          .join(', ')}.`,
      ];
    case 'wallet-estimated':
      return ['It needs `totalMinor` with `currency`, or `rank` with `brands`.'];
    default:
      return [];
  }
}

const count = (value: unknown): string => Number(value).toLocaleString('en');
