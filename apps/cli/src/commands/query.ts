import { Command, Option } from 'commander';
import type { JsonSchema } from '#contracts';
import type { PersonalDataState } from '#platform';
import type { Answer, RawParams } from '#queries';
import { readCatalogue, type QuerySummary } from '../catalogue/catalogue.js';
import type { Engine, StatedOpening } from '../engine/engine.js';
import { FORMER_QUERIES, withFormerCommand } from '../former-names.js';
import { statedOpening, withOpeningOptions, type OpeningOptions } from '../opening-options.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { helpSection, withExamples } from '../terminal/help.js';
import { MONEY, type Money } from '../terminal/major-units.js';
import { Output } from '../terminal/output.js';
import { FORMATS, writeAnswers, type Format } from '../terminal/write-answers.js';

const PAGE = '1000';

interface QueryOptions extends EngineOptions, OpeningOptions {
  readonly format: Format;
  readonly output?: string;
  readonly money?: Money;
  readonly columns?: string;
}

/** `perennial query QUERY`: a command for each query of the registry, with its parameters as options. */
export async function queryCommand(session: Session): Promise<Command> {
  const { queries } = await readCatalogue();
  const command = new Command('query')
    .summary('run a query of the API, with the same name and parameters')
    .description('Runs a query. `perennial query QUERY --help` shows its parameters and columns.')
    .usage('QUERY [options]');
  for (const query of queries) command.addCommand(commandFor(query, session));
  for (const [former, current] of Object.entries(FORMER_QUERIES)) withFormerCommand(command, former, current);
  return withExamples(
    command,
    'perennial query customers --stage retention --phase at-risk',
    'perennial query customers --sort revenue --consent email:marketing --limit 20',
    'perennial query orders --identifier userId:0001 --format csv --money major',
    'perennial query rfm --as-of 1997-09-30 --unit week --output rfm.txt',
    'perennial query customer --identifier userId:0001 --purpose service',
    'perennial query stage --identifier userId:0001 --as-of 2026-03-01',
  );
}

function commandFor(query: QuerySummary, session: Session): Command {
  const command = new Command(query.name)
    .summary(query.summary)
    .description([query.summary, query.description].filter((text) => text !== undefined).join('\n'));
  for (const [name, schema] of Object.entries(query.params)) command.addOption(optionOf(name, schema));
  if (LISTED in query.params) command.argument('[ids...]', `the same as --${LISTED}, with spaces between them`);
  command
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('table'))
    .addOption(new Option('--output <file>', 'write to a file instead of the terminal'))
    .addOption(new Option('--columns <names>', 'only these columns, with commas between them'))
    .addOption(
      new Option('--money <unit>', 'amounts in minor units (cents) or major ones (default: major in a table)').choices(
        MONEY,
      ),
    )
    .action(async (...given: unknown[]) => {
      const options = optionsOf(query, given);
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(options.output);
        const { format, money, columns } = options;
        const isFile = options.output !== undefined || format === 'csv' || format === 'ndjson';
        const opening = !query.opens ? undefined : statedOpening(options, isFile ? 'export' : 'view');
        let state: PersonalDataState | undefined;
        const pages = allPages(engine, query.name, rawParams(query, options), opening);
        await writeAnswers(
          watched(pages, ({ meta }) => (state ??= meta.personalData)),
          format,
          output,
          {
            ...(money === undefined ? {} : { money }),
            ...(columns === undefined ? {} : { columns: columns.split(',').map((name) => name.trim()) }),
          },
        );
        await output.end();
        // On a terminal an empty column needs a word; programs read it in meta.
        if (state?.state === 'closed' && session.stderr.isTTY === true)
          session.stderr.write(`Personal data are not shown. ${state.hint}\n`);
      });
    });
  const columns = query.columns.map((column) => [column.name, column.description] as const);
  if (query.opens) withOpeningOptions(command);
  withEngineOptions(command).addHelpText('after', helpSection('Columns', columns));
  return withExamples(command, exampleOf(query));
}

/** A command line that works, and shows the parameters that a query is mostly run with. */
function exampleOf(query: QuerySummary): string {
  const { params } = query;
  const parts = ['perennial query', query.name];
  if (LISTED in params) parts.push('buyers visitors');
  if ('identifier' in params) parts.push('--identifier userId:0001');
  if ('as-of' in params) parts.push('--as-of 2026-03-01');
  return parts.join(' ');
}

/** A parameter whose values may also follow the name of the query, with spaces between them. */
const LISTED = 'segments';

/** What the command line gave: the options, and the words that stand for one of them. */
function optionsOf(query: QuerySummary, given: readonly unknown[]): QueryOptions & Record<string, unknown> {
  const [words, options] = (LISTED in query.params ? given : [[], ...given]) as [
    readonly string[],
    QueryOptions & Record<string, unknown>,
  ];
  return words.length === 0 ? options : { ...options, [LISTED]: words.join(',') };
}

function optionOf(name: string, schema: JsonSchema): Option {
  const { description, enum: words, default: byDefault } = schema;
  const isFlag = schema['type'] === 'boolean';
  const value = isFlag ? `[${placeholder(schema)}]` : `<${placeholder(schema)}>`;
  const option = new Option(`--${name} ${value}`, String(description).replace(/\.$/, ''));
  if (isFlag) option.preset('true');
  // Values are passed on as text: the query itself checks them, here and over HTTP alike.
  if (Array.isArray(words)) option.choices(words as string[]);
  if (byDefault !== undefined) option.default(String(byDefault as string));
  return option;
}

function placeholder(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return 'choice';
  // An instant, or a day.
  if (Array.isArray(schema['anyOf'])) return 'date';
  if (schema['format'] === 'date') return 'day';
  switch (schema['type']) {
    case 'integer':
      return 'number';
    case 'boolean':
      return 'true|false';
    default:
      return 'text';
  }
}

/** The query's parameters that the command line gives, by their own names. */
function rawParams(query: QuerySummary, options: Readonly<Record<string, unknown>>): RawParams {
  const raw: Record<string, unknown> = {};
  for (const name of Object.keys(query.params)) {
    const value = options[camelCase(name)];
    if (value !== undefined) raw[name] = value;
  }
  return raw;
}

/** All pages of an answer, or only one where `--limit` is given. */
export async function* allPages(
  engine: Engine,
  name: string,
  raw: RawParams,
  opening?: StatedOpening,
): AsyncGenerator<Answer> {
  const { queries } = await readCatalogue();
  const query = queries.find((each) => each.name === name);
  if (query === undefined) throw new Error(`The query '${name}' does not exist.`);
  const onePage = raw['limit'] !== undefined || !query.paged;
  let answer = await engine.runQuery(name, onePage ? raw : { ...raw, limit: PAGE }, opening);
  yield answer;
  while (!onePage && answer.nextCursor !== null) {
    answer = await engine.runQuery(name, { ...raw, limit: PAGE, cursor: answer.nextCursor }, opening);
    yield answer;
  }
}

/** All rows of a query. */
export async function* allRows(
  engine: Engine,
  name: string,
  raw: RawParams,
  opening?: StatedOpening,
): AsyncGenerator<Answer['rows'][number]> {
  for await (const answer of allPages(engine, name, raw, opening)) yield* answer.rows;
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/gi, (_hyphen, letter: string) => letter.toUpperCase());
}

/** The same pages, each shown to `see` on its way. */
async function* watched(pages: AsyncIterable<Answer>, see: (answer: Answer) => void): AsyncGenerator<Answer> {
  for await (const page of pages) {
    see(page);
    yield page;
  }
}
