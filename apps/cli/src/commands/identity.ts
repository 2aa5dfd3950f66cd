import { Command, Option } from 'commander';
import type { DecisionPreview, PreviewedCustomer } from '#identity';
import type { DecisionToMake, JsonObject } from '../engine/engine.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { moneyText, stageText } from '../terminal/history-text.js';
import { CUSTOMER_HELP } from './one-customer.js';
import { usage } from '../exit-codes.js';

interface DecideOptions extends EngineOptions {
  readonly reason?: string;
  readonly preview?: true;
  readonly format: 'text' | 'json';
}

interface UnmergeOptions extends DecideOptions {
  readonly merge?: string;
  readonly apart?: readonly string[];
}

export function mergeCommand(session: Session): Command {
  const command = new Command('merge')
    .summary('merge two customers into one')
    .description(
      'They are one customer from now on; no touchpoint changes, and unmerge undoes it. An identifier that is named is the one that is linked; of a customer ' +
        'that is named by the id, the strongest identifier. docs/identity.md explains decisions.',
    )
    .argument('<one>', CUSTOMER_HELP)
    .argument('<other>', CUSTOMER_HELP)
    .action((one: string, other: string, options: DecideOptions) =>
      decide(session, options, { kind: 'merge', document: { one, other } }),
    );
  return withExamples(
    withDecisionOptions(command),
    'perennial merge email:ada@shop.example loyaltyCard:7 --preview',
    'perennial merge email:ada@shop.example loyaltyCard:7 --reason "showed both"',
  );
}

export function unmergeCommand(session: Session): Command {
  const command = new Command('unmerge')
    .summary('undo a merge, or part identifiers from a customer')
    .description(
      'Links that cross are revoked, and the two sides are kept apart until that is lifted. Each touchpoint goes to the side whose identifier it came with.',
    )
    .argument('[customer]', `${CUSTOMER_HELP}: identifiers are parted from this one`)
    .option('--merge <id>', 'the merge that is undone, by its decisionId (perennial query identity-decisions)')
    .option('--apart <identifier...>', 'identifiers or subject ids that belong to another person')
    .action((customer: string | undefined, options: UnmergeOptions) => {
      const { merge, apart } = options;
      if ((merge === undefined) === (customer === undefined && apart === undefined))
        throw usage(
          'Say what is undone: perennial unmerge --merge ID, or perennial unmerge CUSTOMER --apart IDENTIFIER.',
        );
      const document = merge === undefined ? { ...(customer === undefined ? {} : { customer }), apart } : { merge };
      return decide(session, options, { kind: 'unmerge', document });
    });
  return withExamples(
    withDecisionOptions(command),
    'perennial unmerge --merge 9f86d081884c7d659a2feaa0c55ad015 --preview',
    'perennial unmerge userId:42 --apart deviceId:t-7 --reason "family tablet"',
  );
}

export function keepApartCommand(session: Session): Command {
  const command = new Command('keep-apart')
    .summary('keep two customers apart, whatever links them')
    .description('They are different people: no link joins them until that is lifted.')
    .argument('<one>', CUSTOMER_HELP)
    .argument('<other>', CUSTOMER_HELP)
    .action((one: string, other: string, options: DecideOptions) =>
      decide(session, options, { kind: 'keep-apart', document: { one, other } }),
    );
  return withExamples(
    withDecisionOptions(command),
    'perennial keep-apart userId:42 userId:43 --reason "father and son"',
  );
}

export function liftCommand(session: Session): Command {
  const command = new Command('lift')
    .summary('lift what keeps two customers apart')
    .description(
      'Ends a keep-apart or an unmerge. Links that an unmerge revoked stay revoked; those that came since may join the two.',
    )
    .argument('<decision>', 'the decisionId (perennial query identity-decisions)')
    .action((decisionId: string, options: DecideOptions) =>
      decide(session, options, { kind: 'lift', decisionId, document: {} }),
    );
  return withExamples(
    withDecisionOptions(command),
    'perennial lift 9f86d081884c7d659a2feaa0c55ad015 --reason "one person"',
  );
}

const withDecisionOptions = (command: Command): Command =>
  withEngineOptions(
    command
      .option('--reason <text>', 'why: sealed under the persons; needed unless it is a preview')
      .option('--preview', 'show what would change, and write nothing')
      .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text')),
  );

async function decide(session: Session, options: DecideOptions, decision: DecisionToMake): Promise<void> {
  const { reason, preview, format } = options;
  if (preview === undefined && reason === undefined)
    throw usage('Say why: --reason TEXT. With --preview nothing is written, and no reason is needed.');
  const document: JsonObject = { ...decision.document, ...(reason === undefined ? {} : { reason }) };
  await useEngine(options, session, async (engine) => {
    if (preview === true) {
      const previewed = await engine.previewDecision({ ...decision, document });
      process.stdout.write(format === 'json' ? json(previewed) : previewText(previewed));
      return;
    }
    const made = await engine.decide({ ...decision, document });
    if (format === 'json') {
      process.stdout.write(json(made));
      return;
    }
    const { decision: decided, changed } = made;
    if (made.preview !== null) process.stdout.write(`${previewText(made.preview)}\n`);
    process.stdout.write(
      changed
        ? `Recorded: decision ${decided.decisionId}, at position ${decided.position}.\n`
        : `It was decided before: decision ${decided.decisionId}.\n`,
    );
  });
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

function previewText({ before, after, rejected, admitted }: DecisionPreview): string {
  const links = (count: number, what: string): string => (count === 0 ? '' : `${pluralize(count, 'link')} ${what}\n`);
  return [
    'Before:\n',
    ...before.map(customerText),
    'After:\n',
    ...after.map(customerText),
    links(rejected.length, 'would be rejected, and not before'),
    links(admitted.length, 'would be rejected no longer'),
  ].join('');
}

function customerText(customer: PreviewedCustomer): string {
  const { customerId, subjects, touchpoints, stage, phase, cycle, orders, revenue } = customer;
  const place = stage === null || phase === null ? 'test traffic only' : stageText(stage, phase, cycle ?? 1);
  const money = revenue.map(({ currency, amountMinor }) => moneyText(amountMinor, currency)).join(', ');
  const names = subjects.map(({ namespace }) => namespace).join(', ');
  const figures = [place, pluralize(touchpoints, 'touchpoint'), pluralize(orders, 'order'), money].filter(
    (part) => part !== '',
  );
  return `  ${customerId}  ${figures.join(' · ')}  (${names})\n`;
}
