import { Command, Option } from 'commander';
import type { JsonSchema } from '#contracts';
import { nearest } from '#contracts/basics';
import type { NamespaceDescription, TypeDescription } from '#ingestion';
import { rejected } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { tableWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';

interface TypesOptions extends EngineOptions {
  readonly format: 'text' | 'json';
}

export function typesCommand(session: Session): Command {
  const command = new Command('types')
    .summary('show what touchpoints may be sent: types, their fields, and the namespaces of identifiers')
    .description(
      'Lists all touchpoint types, built in and registered, and the namespaces of identifiers with their normalisation. With a name, shows the fields of ' +
        'that type, what each means, and an example. docs/touchpoints.md has all of them; perennial type registers those of the business.',
    )
    .argument('[name]', 'the name of a type, such as order-placed')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (name: string | undefined, options: TypesOptions) => {
      await useEngine(options, session, async (engine) => {
        const { types, namespaces } = await engine.types();
        const shown = name === undefined ? null : typeNamed(name, types);
        process.stdout.write(
          options.format === 'json'
            ? `${JSON.stringify(shown ?? { types, namespaces }, null, 2)}\n`
            : shown === null
              ? listText(types, namespaces)
              : typeText(shown),
        );
      });
    });
  return withExamples(withEngineOptions(command), 'perennial types', 'perennial types order-placed');
}

export function typeNamed(name: string, types: readonly TypeDescription[]): TypeDescription {
  const found = types.find((type) => type.name === name);
  if (found !== undefined) return found;
  const likely = nearest(
    name,
    types.map((type) => type.name),
  );
  throw rejected(
    `There is no touchpoint type '${name}'.${likely === null ? '' : ` Did you mean ${likely}?`} perennial types lists all of them.`,
  );
}

function listText(types: readonly TypeDescription[], namespaces: readonly NamespaceDescription[]): string {
  const width = Math.max(...types.map(({ name }) => name.length));
  const lines: string[] = [];
  let group = '';
  for (const type of types) {
    if (type.group !== group) lines.push(...(group === '' ? [] : ['']), type.group);
    group = type.group;
    lines.push(beside(type.name, type.summary, width));
  }
  lines.push('', 'namespaces of identifiers, the strongest first; any other name is one of your own');
  for (const { name, meaning, normalisation } of namespaces)
    lines.push(beside(name, `${meaning}: ${normalisation}`, width));
  lines.push(
    '',
    wrap(
      'perennial types NAME shows the fields of a type. Any touchpoint that names two identifiers links them.',
      tableWidth(),
      0,
    ),
  );
  return lines.map((line) => `${line}\n`).join('');
}

export function typeText({ name, origin, version, summary, effect, schema, example }: TypeDescription): string {
  const fields = fieldsOf(schema, '');
  const width = Math.max(0, ...fields.map(([field]) => field.length));
  const lines = [
    `${name} (version ${version}, from the ${origin})`,
    wrap(effect === undefined ? summary : `${summary} ${effect}`, tableWidth(), 0),
    '',
    ...fields.map(([field, meaning]) => beside(field, meaning, width)),
    ...(example === undefined ? [] : ['', 'data, for example:', JSON.stringify(example, null, 2).replace(/^/gm, '  ')]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** A name, and its meaning in a column beside it. */
const beside = (name: string, meaning: string, width: number): string =>
  `  ${name.padEnd(width)}  ${wrap(meaning, tableWidth(), width + 4)}`;

function fieldsOf(schema: JsonSchema, at: string): (readonly [field: string, meaning: string])[] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).flatMap(([name, field]) => {
    const {
      description = '',
      items,
      enum: words,
    } = field as {
      readonly description?: string;
      readonly items?: JsonSchema;
      readonly enum?: readonly string[];
    };
    const parts = [
      description,
      ...(words === undefined ? [] : [words.join(', ')]),
      ...(required.includes(name) ? ['required'] : []),
      ...(field['x-personal'] === true ? ['personal: sealed'] : []),
    ].filter((part) => part !== '');
    const own = [`${at}${name}`, parts.join('; ')] as const;
    return [own, ...(items === undefined ? [] : fieldsOf(items, `${at}${name}[].`))];
  });
}
