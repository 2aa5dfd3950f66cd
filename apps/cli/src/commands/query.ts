import { Command, Option } from 'commander';
import { allParams, QUERIES, type Answer, type Param, type QueryDefinition, type RawParams } from '#queries';
import type { Engine } from '../engine/engine.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { FORMATS, writeAnswers, type Format } from '../terminal/write-answers.js';
import { Output } from '../terminal/output.js';

const PAGE = '1000';

interface QueryOptions extends EngineOptions {
  readonly format: Format;
  readonly output?: string;
}

/** `perennial query QUESTION`: a command for each question of the registry, with its parameters as options. */
export function queryCommand(session: Session): Command {
  const command = new Command('query')
    .summary('ask a question: any of the api, by the same name and parameters')
    .description(
      'Asks a question. `perennial query` lists them all; `perennial query QUESTION --help` shows what one takes.',
    )
    .addHelpText(
      'after',
      `
Examples:
  perennial query customers --stage retention --phase at-risk
  perennial query rfm --as-of 1997-09-30 --period day --unit week --format csv --output rfm.csv
  perennial query customer --identifier userId:0001
  perennial query stage --identifier email:ada@example.com --as-of 2026-03-01 --known-at 2026-03-01`,
    );
  for (const query of QUERIES) command.addCommand(commandFor(query, session));
  return command;
}

function commandFor(query: QueryDefinition, session: Session): Command {
  const params = allParams(query);
  const command = withEngineOptions(new Command(query.name))
    .summary(query.summary)
    .description([query.summary, query.description].filter((text) => text !== undefined).join('\n'));
  for (const [name, param] of Object.entries(params)) command.addOption(optionOf(name, param));
  command
    .addOption(new Option('--format <format>', 'how the answer is written').choices(FORMATS).default('table'))
    .addOption(new Option('--output <file>', 'write to a file instead of the terminal'))
    .addHelpText(
      'after',
      `\nColumns:\n${query.columns.map((column) => `  ${column.name.padEnd(16)} ${column.description}`).join('\n')}`,
    )
    .action(async (options: QueryOptions & Record<string, unknown>) => {
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(options.output);
        await writeAnswers(allPages(engine, query, rawParams(query, options)), options.format, output);
        await output.end();
      });
    });
  return command;
}

function optionOf(name: string, param: Param): Option {
  const description = param.description.replace(/\.$/, '');
  const option = new Option(`--${name} <${placeholder(param)}>`, description);
  if (param.required === true) option.makeOptionMandatory();
  // Values go on as they were said: the question itself judges them, here and over HTTP alike.
  if (param.type === 'enum') option.choices(param.values);
  if ('default' in param && param.default !== undefined) option.default(String(param.default));
  return option;
}

function placeholder(param: Param): string {
  switch (param.type) {
    case 'text':
      return 'text';
    case 'int':
      return 'number';
    case 'instant':
      return 'date';
    case 'day':
      return 'day';
    case 'enum':
      return 'choice';
    case 'boolean':
      return 'true|false';
  }
}

/** What was said of the question's parameters, by their own names. */
function rawParams(query: QueryDefinition, options: Readonly<Record<string, unknown>>): RawParams {
  const raw: Record<string, unknown> = {};
  for (const name of Object.keys(allParams(query))) {
    const said = options[camelCase(name)];
    if (said !== undefined) raw[name] = said;
  }
  return raw;
}

/** All pages of an answer, or the one page that `--limit` or `--cursor` asks for. */
export async function* allPages(engine: Engine, query: QueryDefinition, raw: RawParams): AsyncGenerator<Answer> {
  const onePage = raw['limit'] !== undefined || !query.paged;
  let answer = await engine.runQuery(query.name, onePage ? raw : { ...raw, limit: PAGE });
  yield answer;
  while (!onePage && answer.nextCursor !== null) {
    answer = await engine.runQuery(query.name, { ...raw, limit: PAGE, cursor: answer.nextCursor });
    yield answer;
  }
}

/** All rows of a question that is known by its name. */
export async function* allRows(engine: Engine, name: string, raw: RawParams): AsyncGenerator<Answer['rows'][number]> {
  const query = QUERIES.find((each) => each.name === name);
  if (query === undefined) throw new Error(`There is no question '${name}'.`);
  for await (const answer of allPages(engine, query, raw)) yield* answer.rows;
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/gi, (_hyphen, letter: string) => letter.toUpperCase());
}
