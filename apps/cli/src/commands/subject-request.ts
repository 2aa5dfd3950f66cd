import { randomUUID } from 'node:crypto';
import { Argument, Command, Option } from 'commander';
import { SUBJECT_REQUEST_KINDS, SUBJECT_REQUEST_OUTCOMES } from '#contracts/basics';
import type { PackageSummary, ShownSubjectRequest, SubjectRequestView } from '#data-subjects';
import type { Engine } from '../engine/engine.js';
import { statedOpening, withOpeningOptions, type OpeningOptions } from '../opening-options.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { Output } from '../terminal/output.js';
import { Progress } from '../terminal/progress.js';
import { newPackageFolder, writePackage } from './package-folder.js';
import { singleLine } from '../terminal/single-line.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';
import { writeAnswers, type Format } from '../terminal/write-answers.js';
import { CUSTOMER_HELP, customerParams } from './one-customer.js';
import { allPages } from './query.js';

interface FormatOptions extends EngineOptions {
  readonly format: 'text' | 'json';
}

interface OpenOptions extends FormatOptions {
  readonly kind: string;
  readonly askerChecked: string;
  readonly note?: string;
  readonly receivedAt?: string;
}

interface AnswerOptions extends FormatOptions {
  readonly outcome: string;
  readonly output?: string;
  readonly digest?: string;
  readonly note?: string;
}

/** `perennial subject-request`: what data subjects request, until when it is to be answered, and the answer. */
export function subjectRequestCommand(session: Session): Command {
  const command = new Command('subject-request')
    .summary('record and answer requests of data subjects: open, list, show, extend, answer')
    .description(
      'A data subject may request access (GDPR art. 15), portability (20), erasure (17) or restriction (18), and is answered within a month. ' +
        'docs/data-subjects.md shows it step by step.',
    );
  command.addCommand(openCommand(session));
  command.addCommand(listCommand(session));
  command.addCommand(showCommand(session));
  command.addCommand(extendCommand(session));
  command.addCommand(answerCommand(session));
  return withExamples(
    command,
    'perennial subject-request open email:ada@example.com --kind access \\',
    '    --asker-checked "passport shown"',
    'perennial subject-request list --state due',
  );
}

const ID = (): Argument => new Argument('<id>', 'id of the request, as `subject-request list` shows it');

const withFormat = (command: Command): Command =>
  command.addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'));

function openCommand(session: Session): Command {
  const command = new Command('open')
    .summary('record that a data subject made a request')
    .description(
      'Records a request of a data subject, with the last day to answer it: a month after it was received. What is written about it is sealed under the person.',
    )
    .argument('<person>', CUSTOMER_HELP)
    .addOption(new Option('--kind <kind>', 'what is requested').choices(SUBJECT_REQUEST_KINDS).makeOptionMandatory())
    .addOption(
      new Option('--asker-checked <how>', 'how you checked that the asker is the person').makeOptionMandatory(),
    )
    .option('--note <text>', 'a note')
    .option('--received-at <instant>', 'when it reached the business: 2026-01-31T09:00:00Z (default: now)')
    .action(async (person: string, options: OpenOptions) => {
      const { kind, askerChecked, note, receivedAt } = options;
      await useEngine(options, session, async (engine) => {
        const request = await engine.openSubjectRequest({
          // A request that is sent again is not recorded twice.
          ...{ requestId: randomUUID().replaceAll('-', ''), kind, askerChecked, ...customerParams(person) },
          ...(note === undefined ? {} : { note }),
          ...(receivedAt === undefined ? {} : { receivedAt }),
        });
        print(request, options);
      });
    });
  return withExamples(
    withEngineOptions(withFormat(command)),
    'perennial subject-request open email:ada@example.com --kind access \\',
    '    --asker-checked "passport shown at the counter"',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the requests, with the days that are left')
    .description(
      'Lists the requests of data subjects: what was requested, until when it is to be answered, and how it was.',
    )
    .addOption(
      new Option('--state <state>', 'which').choices(['all', 'open', 'due', 'overdue', 'answered']).default('all'),
    )
    .addOption(new Option('--kind <kind>', 'only requests of this kind').choices(SUBJECT_REQUEST_KINDS))
    .addOption(
      new Option('--format <format>', 'output format').choices(['table', 'json', 'csv', 'ndjson']).default('table'),
    )
    .action(async (options: EngineOptions & { state: string; kind?: string; format: Format }) => {
      const { state, kind, format } = options;
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(undefined);
        const params = { state, ...(kind === undefined ? {} : { kind }) };
        await writeAnswers(allPages(engine, 'subject-requests', params), format, output);
        await output.end();
      });
    });
  return withExamples(withEngineOptions(command), 'perennial subject-request list --state due');
}

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show one request')
    .description(
      'Shows one request of a data subject, and with --purpose what was written about it: how the person named themselves, how they were checked, notes and reasons.',
    )
    .addArgument(ID())
    .action(async (id: string, options: FormatOptions & OpeningOptions) => {
      await useEngine(options, session, async (engine) => {
        const request = await engine.subjectRequest(id, statedOpening(options));
        print(request, options);
        if (options.format === 'text') process.stdout.write(writtenText(request));
      });
    });
  return withExamples(
    withEngineOptions(withOpeningOptions(withFormat(command))),
    'perennial subject-request show 0b1c2d3e4f5061728394a5b6c7d8e9f0',
    'perennial subject-request show 0b1c2d3e4f5061728394a5b6c7d8e9f0 \\',
    '    --purpose subject-request',
  );
}

function extendCommand(session: Session): Command {
  const command = new Command('extend')
    .summary('extend the time to answer a request by two months, once')
    .description(
      'Extends the time to answer by two months, where the request is complex or there are many. Tell the person within the first month, with the reason.',
    )
    .addArgument(ID())
    .addOption(new Option('--reason <text>', 'why more time is needed').makeOptionMandatory())
    .action(async (id: string, options: FormatOptions & { readonly reason: string }) => {
      await useEngine(options, session, async (engine) =>
        print(await engine.extendSubjectRequest(id, options.reason), options),
      );
    });
  return withExamples(
    withEngineOptions(withFormat(command)),
    'perennial subject-request extend 0b1c2d3e4f5061728394a5b6c7d8e9f0 \\',
    '    --reason "records of twelve years in two archives"',
  );
}

function answerCommand(session: Session): Command {
  const command = new Command('answer')
    .summary('make the package for the person, and record how a request was answered')
    .description(
      'With --output, makes the package of an access request (everything that names the person) or of a portability request (what they gave or did) in a new folder, with a report to read. ' +
        'Records how the request was answered: handed-over with the SHA-256 of the manifest of what was handed over, done (erased, restricted), nothing-on-record, refused with the reason, or withdrawn.',
    )
    .addArgument(ID())
    .addOption(new Option('--outcome <outcome>', 'how').choices(SUBJECT_REQUEST_OUTCOMES).default('handed-over'))
    .addOption(
      new Option(
        '--output <folder>',
        'make the package for the person in this new folder, and record it as handed over',
      ).conflicts('digest'),
    )
    .option('--digest <sha256>', 'SHA-256 of the manifest of what was handed over another way')
    .option('--note <text>', 'a note, such as why it was refused')
    .action(async (id: string, options: AnswerOptions) => {
      const { note } = options;
      await useEngine(options, session, async (engine) => {
        const packed = options.output === undefined ? null : await pack(engine, id, options.output, session);
        // Where nothing is on record, the package says so.
        const outcome = packed?.events === 0 ? 'nothing-on-record' : options.outcome;
        const digest = packed?.digest ?? options.digest;
        const document = {
          outcome,
          ...(digest === undefined ? {} : { digest }),
          ...(note === undefined ? {} : { note }),
        };
        print(await engine.answerSubjectRequest(id, document), options);
      });
    });
  return withExamples(
    withEngineOptions(withFormat(command)),
    'perennial subject-request answer 0b1c2d3e4f5061728394a5b6c7d8e9f0 --output ada',
    'perennial subject-request answer 0b1c2d3e4f5061728394a5b6c7d8e9f0 \\',
    '    --outcome done',
  );
}

/** Makes the package of a request in a new folder. */
async function pack(engine: Engine, id: string, folder: string, session: Session): Promise<PackageSummary> {
  await newPackageFolder(folder);
  const progress = new Progress('package', 'events', session.stderr, session.clock);
  try {
    const summary = await writePackage(folder, await engine.packSubjectRequest(id), (done, total) =>
      progress.update({ done, total, items: done }),
    );
    progress.end();
    const left = summary.withheld === 0 ? '' : ` ${pluralize(summary.withheld, 'value')} of other people left out.`;
    session.stderr.write(
      `${pluralize(summary.events, 'event')} in ${pluralize(summary.files.length + 1, 'file')} written to ${folder}.${left} SHA-256 of manifest.json: ${summary.digest}\n`,
    );
    return summary;
  } finally {
    progress.end();
  }
}

const WRITTEN = [
  ['person', 'identifier'],
  ['asker checked', 'askerChecked'],
  ['note', 'note'],
  ['extended since', 'extensionReason'],
  ['answer', 'answerNote'],
] as const;

/** What was written about a request, one text to a line; why it is not shown, where a purpose was stated in vain. */
function writtenText({ written, personalData }: ShownSubjectRequest): string {
  if (personalData.state === 'closed')
    return personalData.why === 'no-purpose' ? '' : `What was written about it is not shown. ${personalData.hint}\n`;
  if (written === null) return 'Nothing that was written about it is left.\n';
  return WRITTEN.flatMap(([name, field]) => {
    const text = written[field];
    return text === null ? [] : [`${name.padEnd(16)}${wrap(singleLine(text), terminalWidth(), 16)}\n`];
  }).join('');
}

function print(request: SubjectRequestView, { format }: FormatOptions): void {
  if (format === 'json') process.stdout.write(`${JSON.stringify(request, null, 2)}\n`);
  else process.stdout.write(`${request.requestId}\n${sentenceOf(request)}\n`);
}

function sentenceOf({
  kind,
  state,
  daysLeft,
  dueOn,
  outcome,
  answeredAt,
  person,
  extended,
}: SubjectRequestView): string {
  const who = { known: '', unknown: ' No event of their own is on record.', erased: ' The person was erased.' }[person];
  if (state === 'answered') return `${kind}: answered (${outcome ?? ''}) at ${answeredAt ?? ''}.${who}`;
  const left = state === 'overdue' ? 'overdue' : `${pluralize(daysLeft ?? 0, 'day')} left`;
  return `${kind}: to be answered by ${dueOn}${extended ? ', extended' : ''} (${left}).${who}`;
}
