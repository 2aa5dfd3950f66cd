import { Command } from 'commander';
import type { CheckTypeRequest, CheckedSample } from '#ingestion';
import type { Engine, TypeChecked } from '../engine/engine.js';
import { EXIT, usage } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import { readItems } from '../read-items.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { issueLines } from '../terminal/issue-lines.js';

/** Samples of one request. */
const BATCH = 1_000;
/** So many lines with issues are shown. */
const SHOWN_MAX = 20;

interface CheckOptions extends EngineOptions {
  readonly type?: string;
  readonly typeVersion?: string;
  readonly definition?: string;
}

export function typeCheckCommand(session: Session): Command {
  const command = new Command('check')
    .summary('check a file of samples against a type, or a definition; write nothing')
    .description(
      'Checks each line of a file, data or a touchpoint of which the data are checked, against a type that there is or a definition that is not registered yet, and says what is ' +
        'wrong with which line. Nothing is written. The exit code is 3 where a line is not valid.',
    )
    .argument('<file>', 'NDJSON, or a JSON list')
    .option('--type <name>', 'the type, built in or registered')
    .option('--type-version <number>', 'its version (default: the newest)')
    .option('--definition <file>', 'a definition as JSON or YAML, instead of a type')
    .action(async (file: string, options: CheckOptions) => {
      const request = await requestOf(options);
      const lines = await linesOf(file);
      await useEngine(options, session, async (engine) => {
        const { name, version, samples } = await checkAll(engine, request, lines);
        const bad = samples.filter(({ checked }) => !checked.valid);
        process.stdout.write(report(file, `${name} version ${version}`, samples));
        if (bad.length > 0) process.exitCode = EXIT.rejected;
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial type check bookings.ndjson --type campsite-booked',
    'perennial type check bookings.ndjson --definition campsite-booked-2.yaml',
  );
}

async function requestOf({ type, typeVersion, definition }: CheckOptions): Promise<CheckTypeRequest> {
  if ((type === undefined) === (definition === undefined))
    throw usage('What is to be checked against? Give either --type NAME or --definition FILE.');
  if (definition !== undefined) {
    const { value } = await readDocument(definition);
    return { definition: value as Readonly<Record<string, unknown>> };
  }
  if (typeVersion !== undefined && !/^[1-9]\d{0,3}$/.test(typeVersion))
    throw usage('--type-version must be a whole number from 1 on, such as 2.');
  return {
    ...(type === undefined ? {} : { name: type }),
    ...(typeVersion === undefined ? {} : { version: Number(typeVersion) }),
  };
}

/** One line of the file: what it holds, or that it is not JSON. */
interface SampleRead {
  readonly number: number;
  readonly sample: unknown;
  readonly issue: CheckedSample | null;
}

interface CheckedLine {
  readonly number: number;
  readonly checked: CheckedSample;
}

const NOT_JSON: CheckedSample = {
  ...{ valid: false, unknown: [] },
  errors: [{ pointer: '#', detail: 'is not JSON', hint: 'write one JSON document on each line' }],
};

async function linesOf(path: string): Promise<readonly SampleRead[]> {
  return (await readItems(path)).map((item) => ({
    number: item.number,
    ...(item.isJson ? { sample: item.value, issue: null } : { sample: null, issue: NOT_JSON }),
  }));
}

async function checkAll(
  engine: Engine,
  request: CheckTypeRequest,
  lines: readonly SampleRead[],
): Promise<Omit<TypeChecked, 'samples'> & { readonly samples: readonly CheckedLine[] }> {
  const sent = lines.filter(({ issue }) => issue === null);
  // Without a sample the definition is checked all the same.
  let answer = await engine.checkType({ ...request, samples: sent.slice(0, BATCH).map(({ sample }) => sample) });
  const checked = [...answer.samples];
  for (let at = BATCH; at < sent.length; at += BATCH) {
    answer = await engine.checkType({ ...request, samples: sent.slice(at, at + BATCH).map(({ sample }) => sample) });
    checked.push(...answer.samples);
  }
  const byNumber = new Map(sent.map(({ number }, at) => [number, checked[at]]));
  const samples = lines.flatMap(({ number, issue }) => {
    const found = issue ?? byNumber.get(number);
    return found === undefined ? [] : [{ number, checked: found }];
  });
  return { ...answer, samples };
}

function report(path: string, type: string, lines: readonly CheckedLine[]): string {
  const bad = lines.filter(({ checked }) => !checked.valid);
  const unknown = new Map<string, number>();
  for (const { checked } of lines)
    for (const field of checked.unknown) unknown.set(field, (unknown.get(field) ?? 0) + 1);
  const text = [
    `${path}: ${pluralize(lines.length, 'sample')} of ${type}: ${lines.length - bad.length} valid, ${bad.length} not valid`,
    ...bad.slice(0, SHOWN_MAX).map(({ number, checked }) => `line ${number}:${issueLines(checked.errors)}`),
    ...(bad.length > SHOWN_MAX ? [`… and ${pluralize(bad.length - SHOWN_MAX, 'more line')}`] : []),
    ...[...unknown].map(
      ([field, count]) => `${field} is not in the schema (${pluralize(count, 'sample')}): it is kept, and sealed.`,
    ),
    'Nothing was written.',
  ];
  return text.map((line) => `${line}\n`).join('');
}
