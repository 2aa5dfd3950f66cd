import { statSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ModelInputError, MODELS, type ModelEntry, type Parameters } from '#models';
import { rejected, usage } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import type { Session } from '../session.js';
import { helpSection, withExamples } from '../terminal/help.js';
import { Progress } from '../terminal/progress.js';
import type { ModelTable } from './model-table.js';

interface FitOptions {
  readonly model: string;
  readonly data: string;
}

interface PredictOptions extends FitOptions {
  readonly parameters: string;
  readonly horizon: readonly number[];
}

/** So many wrong rows are shown. */
const SHOWN_MAX = 20;

const MODELS_HELP = helpSection(
  'Models',
  MODELS.map(({ name, title, fitColumns }) => [name, `${title} (columns ${fitColumns.join(', ')})`] as const),
);

export function fitCommand(session: Session): Command {
  const command = new Command('fit')
    .summary('fit a model of purchases or renewals to a table')
    .description(
      'Fits a model to a CSV file by maximum likelihood, and prints its parameters, the log-likelihood and the standard errors as JSON. It is the code that the engine ' +
        'fits with; no engine is needed. frequency counts repeat purchases; recency (first to last purchase) and T (first purchase to the end of the ' +
        'observation) are in one unit of time.',
    )
    .addOption(modelOption())
    .addOption(dataOption())
    .action(async ({ model: name, data }: FitOptions) => {
      const model = modelOf(name);
      const table = await readTable(session, data, model.fitColumns);
      const progress = new Progress(`fitting ${name}`, 'iterations', session.stderr, session.clock);
      try {
        const fit = model.fit(table.columns, {
          onIteration: (iteration) => progress.update({ done: iteration, total: null }),
        });
        progress.end();
        process.stdout.write(`${JSON.stringify({ model: name, ...fit }, null, 2)}\n`);
        if (!fit.converged)
          session.stderr.write(
            'No optimum was found: the data do not tell these parameters. Give more customers or a longer time, or use another model.\n',
          );
      } catch (error) {
        progress.end();
        if (!(error instanceof ModelInputError)) throw error;
        throw rejected(`${data}: ${error.message}${rowLines(error, table)}`);
      }
    });
  command.addHelpText('after', MODELS_HELP);
  return withExamples(
    command,
    'perennial fit --model bg-nbd --data customers.csv > bg-nbd.json',
    'perennial fit --model gamma-gamma --data customers.csv',
  );
}

export function predictCommand(session: Session): Command {
  const command = new Command('predict')
    .summary('predict purchases, churn or spend of each row of a table')
    .description(
      'Prints what a fitted model expects of each row of a CSV file, as CSV: pAlive, and for each horizon expectedPurchases and churnRisk (the probability of no purchase); ' +
        'expectedAverageSpend of gamma-gamma; retention, survival and expectedRenewals of sbg.',
    )
    .addOption(modelOption())
    .addOption(
      new Option('--parameters <json or file>', 'the output of perennial fit, or {"r": 0.24, …}').makeOptionMandatory(),
    )
    .addOption(dataOption())
    .addOption(
      new Option('--horizon <times>', 'how far to look ahead, in the unit of T: one or several, with commas')
        .default([30, 90, 365], '30,90,365')
        .argParser(horizons),
    )
    .action(async ({ model: name, data, parameters: given, horizon }: PredictOptions) => {
      const model = modelOf(name);
      const parameters = await parametersOf(model, given);
      const table = await readTable(session, data, model.predictColumns);
      writePredictions(model, parameters, table, horizon);
    });
  command.addHelpText('after', MODELS_HELP);
  return withExamples(
    command,
    'perennial predict --model bg-nbd --parameters bg-nbd.json \\',
    '    --data customers.csv --horizon 39',
  );
}

const modelOption = (): Option =>
  new Option('--model <name>', 'the model').choices(MODELS.map(({ name }) => name)).makeOptionMandatory();
const dataOption = (): Option =>
  new Option('--data <file>', 'CSV with a header; a column id names the rows').makeOptionMandatory();

const modelOf = (wanted: string): ModelEntry => MODELS.find(({ name }) => name === wanted) as ModelEntry;

function horizons(text: string): readonly number[] {
  const values = text.split(',').map(Number);
  if (values.some((each) => !(each > 0) || !Number.isFinite(each)))
    throw new InvalidArgumentError('It must be numbers greater than 0, with commas between them.');
  return values;
}

async function readTable(session: Session, path: string, columns: readonly string[]): Promise<ModelTable> {
  const { readModelTable } = await import('./model-table.js');
  const progress = new Progress(`reading ${path}`, 'rows', session.stderr, session.clock);
  const total = statSync(path, { throwIfNoEntry: false })?.size ?? null;
  try {
    return await readModelTable(path, columns, (bytes, rows) => progress.update({ done: bytes, total, items: rows }));
  } finally {
    progress.end();
  }
}

/** Parameters from the command line or from a file, as `fit` prints them or alone. */
async function parametersOf(model: ModelEntry, given: string): Promise<Parameters> {
  let document: unknown;
  if (given.trimStart().startsWith('{')) {
    try {
      document = JSON.parse(given);
    } catch (error) {
      throw usage(`--parameters is not JSON: ${(error as Error).message}`);
    }
  } else document = (await readDocument(given)).value;
  const outer = document as { readonly parameters?: unknown; readonly model?: unknown } | null;
  if (typeof outer?.model === 'string' && outer.model !== model.name)
    throw rejected(`The parameters are those of ${outer.model}: give --model ${outer.model}, or fit ${model.name}.`);
  const values = (outer?.parameters ?? outer) as Readonly<Record<string, unknown>> | null;
  const wrong = model.parameterNames.filter((name) => {
    const value = values?.[name];
    return typeof value !== 'number' || !(value > 0);
  });
  if (wrong.length > 0)
    throw rejected(
      `The parameters of ${model.name} are ${model.parameterNames.join(', ')}, each a number greater than 0: ${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} missing or not valid.`,
    );
  return values as Parameters;
}

/** Rows of one write. */
const CHUNK = 2_000;

function writePredictions(
  model: ModelEntry,
  parameters: Parameters,
  table: ModelTable,
  times: readonly number[],
): void {
  const { ids, columns } = table;
  let lines: string[] = [];
  let isFirst = true;
  for (let at = 0; at < ids.length; at += 1) {
    const row = model.predictColumns.map((name) => (columns[name] as Float64Array)[at] as number);
    const prediction = model.predict(parameters, row, times);
    if (isFirst) lines.push(['id', ...Object.keys(prediction)].join(','));
    isFirst = false;
    lines.push([quoted(ids[at] as string), ...Object.values(prediction).map(numberText)].join(','));
    if (lines.length >= CHUNK) {
      process.stdout.write(`${lines.join('\n')}\n`);
      lines = [];
    }
  }
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

const numberText = (value: number | null): string => (value === null || !Number.isFinite(value) ? '' : String(value));
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function rowLines({ issues }: ModelInputError, { lines }: ModelTable): string {
  if (issues.length === 0) return '';
  const shown = issues
    .slice(0, SHOWN_MAX)
    .map(({ row, column, detail }) => `\n  line ${lines[row] ?? row + 2}: ${column} ${detail}`);
  const rest = issues.length - SHOWN_MAX;
  return `${shown.join('')}${rest > 0 ? `\n  … and ${rest} more` : ''}`;
}
