import { existsSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Policy } from '#lifecycle';
import { BUILT_IN_POLICIES, isTimeZone } from '#lifecycle/basics';
import { CliError, EXIT, rejected, usage } from '../exit-codes.js';
import { atTerminal } from '../terminal/ask.js';
import { withExamples } from '../terminal/help.js';
import { issueLines } from '../terminal/issue-lines.js';

interface InitOptions {
  readonly name: string;
  readonly base: keyof typeof BUILT_IN_POLICIES;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly categories?: string;
  readonly force?: true;
}

export function policyInitCommand(): Command {
  const command = new Command('init')
    .summary('write a policy file of your own to start from, with comments')
    .description(
      'Asks for the time zone, the currency and the categories of the business, and writes a policy file in which each field is explained. ' +
        'Nothing is published. Without a terminal to ask at, give the three as options.',
    )
    .argument('[file]', 'the file to write', 'policy.yaml')
    .option('--name <name>', 'name of the policy: small letters, digits and hyphens', 'mine')
    .addOption(
      new Option('--base <policy>', 'built-in policy to start from')
        .choices(Object.keys(BUILT_IN_POLICIES))
        .default('retail'),
    )
    .option('--time-zone <zone>', 'time zone of the business, such as Europe/Berlin')
    .option('--currency <code>', 'currency of the business (ISO 4217), such as EUR; none: figures stay per currency')
    .option('--categories <list>', 'categories as order lines name them, with commas between; none: no cross-sell')
    .option('--force', 'overwrite the file')
    .action(async (file: string, options: InitOptions) => {
      if (existsSync(file) && options.force !== true)
        throw rejected(`${file} exists: give another name, or --force to overwrite it.`);
      const policy = await policyFrom(await complete(options), options);
      const { commentedPolicy } = await import('./policy-file.js');
      try {
        writeFileSync(file, `${commentedPolicy(policy)}${RETENTION_EXAMPLE}`);
      } catch (error) {
        throw new CliError(EXIT.failed, `${file} cannot be written: ${(error as Error).message}`, { cause: error });
      }
      process.stdout.write(
        `${file} holds the policy ${policy.name}@${policy.version}: ${policy.timeZone}, ${policy.currency ?? 'no currency'}, ` +
          `${policy.taxonomy.length === 0 ? 'no categories' : policy.taxonomy.join(', ')}.\n` +
          `Look through it, then:\n  perennial policy validate ${file}\n  perennial policy publish ${file}\n`,
      );
    });
  return withExamples(
    command,
    'perennial policy init',
    'perennial policy init shop.yaml --name shop --time-zone Europe/Berlin \\',
    '    --currency EUR --categories tea,cups,kettles',
  );
}

/** How long data are kept is never a default: what a rule erases cannot be brought back. */
const RETENTION_EXAMPLE = `
# How long data are kept. Without these rules nothing is erased by itself; what they erase cannot be brought back.
# Ask your counsel which periods hold for you, remove the marks, and see who is due before you publish:
#   perennial retention preview --policy FILE
#retention:
#  - { what: person, after: P3Y, since: last-contact, unless: [open-contract, hold], grace: P30D }
#  - { what: openings, after: P3Y }
`;

type Answers = Record<'timeZone' | 'currency' | 'categories', string>;

/** Asks for what was not given as an option. */
async function complete({ timeZone, currency, categories }: InitOptions): Promise<Answers> {
  if (timeZone !== undefined && currency !== undefined && categories !== undefined)
    return { timeZone, currency, categories };
  if (!process.stdin.isTTY)
    throw usage(
      'There is no terminal to ask at: give --time-zone, --currency and --categories (none where there is none).',
    );
  return atTerminal(async (question) => {
    const ask = async (text: string, byDefault: string, issue: (answer: string) => string | null): Promise<string> => {
      for (;;) {
        const answer = (await question(`${text} [${byDefault}] `)).trim() || byDefault;
        const wrong = issue(answer);
        if (wrong === null) return answer;
        process.stderr.write(`  ${wrong}\n`);
      }
    };
    return {
      timeZone: timeZone ?? (await ask('Time zone of the business?', ownZone(), zoneIssue)),
      currency: currency ?? (await ask('Currency (ISO 4217), or none?', 'EUR', currencyIssue)),
      categories:
        categories ??
        (await ask('Categories as your order lines name them, with commas between, or none?', 'none', () => null)),
    };
  });
}

const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

const zoneIssue = (zone: string): string | null =>
  isTimeZone(zone)
    ? null
    : `${JSON.stringify(zone)} is not a known time zone: give an IANA name, such as Europe/Berlin.`;

const currencyIssue = (code: string): string | null =>
  isNone(code) || /^[A-Za-z]{3}$/.test(code)
    ? null
    : `${JSON.stringify(code)} is not a currency: give three letters, such as EUR, or none.`;

const isNone = (text: string): boolean => text.trim().toLowerCase() === 'none' || text.trim() === '';

async function policyFrom({ timeZone, currency, categories }: Answers, { name, base }: InitOptions): Promise<Policy> {
  const { openingRulesOf, purposesOf, validatePolicy } = await import('#lifecycle');
  const issue = zoneIssue(timeZone) ?? currencyIssue(currency);
  if (issue !== null) throw usage(issue);
  const listed = isNone(categories) ? [] : categories.split(',').map((category) => category.trim());
  const taxonomy = [...new Set(listed.filter((category) => category !== ''))];
  const from = BUILT_IN_POLICIES[base];
  const kept = Object.entries(from.replacementDays).filter(([category]) => taxonomy.includes(category));
  const policy: Policy = {
    ...from,
    ...{ name, version: 1, timeZone, currency: isNone(currency) ? null : currency.toUpperCase(), taxonomy },
    replacementDays: Object.fromEntries(kept),
    purposes: purposesOf(from),
    openings: openingRulesOf(from),
  };
  const verdict = validatePolicy(policy);
  if (!verdict.ok) throw usage(`This makes no valid policy:${issueLines(verdict.errors)}`);
  return policy;
}
