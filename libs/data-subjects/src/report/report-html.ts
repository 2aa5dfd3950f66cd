import { createHash } from 'node:crypto';
import { formatInstant, type PersonalClass } from '#contracts';
import { periodInWords, type PersonRetentionRule } from '#lifecycle';
import type { AnswerRow } from '#queries';
import type { PersonEvent } from '../package/person-events.js';
import { escapeHtml, html, type Html } from './html.js';
import { STYLE } from './report-style.js';
import type { Noted, ReportModel } from './report-model.js';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/**
 * The report of an access request, in plain words: one file, nothing from elsewhere, no script. Everything that came from outside is escaped, and the policy of its
 * content lets nothing run that slipped through.
 */
export function* reportHtml(report: ReportModel): Generator<string> {
  const { request, made } = report;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Your personal data</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="kind">Answer to your request of ${escapeHtml(day(formatInstant(request.receivedAt)))} for access to your personal data (GDPR art. 15)</p>
<h1>Your personal data</h1>
<p class="made">Made at ${escapeHtml(instant(formatInstant(made)))} UTC · request ${escapeHtml(request.requestId)}</p>
</header>
<main>
`;
  if (report.events === 0) yield nothingOnRecord();
  else for (const section of sectionsOf(report)) yield `${section.toString()}\n`;
  yield `${rights().toString()}
</main>
</body>
</html>
`;
}

const nothingOnRecord = (): string =>
  html`<section>
    <h2>Nothing is on record</h2>
    <p>
      We looked for you by the identifier that you gave: in the events that our systems sent, in those of other people
      that might name you, and in events that could not be processed. No personal data about you were found.
    </p>
  </section>`.toString();

function* sectionsOf(report: ReportModel): Generator<Html> {
  yield summary(report);
  yield section(
    'Who you are to us',
    'The identifiers by which our systems know you. They were sent together, so we hold them for one person.',
    table(
      ['Kind', 'Value'],
      report.identifiers.map(({ namespace, value }) => [namespace, value]),
    ),
  );
  yield stages(report);
  if (report.orders.total > 0)
    yield section(
      'Your orders',
      'What you ordered, and what is left of it after returns and cancellations.',
      html`${orders(report.orders.rows)}${more(report.orders, 'orders.ndjson')}`,
    );
  yield section(
    'What you allowed',
    'Your consents, and those that you took back. You can take back each of them at any time.',
    html`${table(
      ['Purpose', 'By', 'State', 'Since', 'Until', 'Given or withdrawn in'],
      report.consents.rows.map((row) => [
        ...[text(row['purpose']), text(row['medium'], 'every medium'), text(row['state']), day(row['since'])],
        ...[row['until'] === null ? 'no date' : day(row['until']), text(row['source'])],
      ]),
      'You neither gave nor withdrew a consent.',
    )}${more(report.consents, 'consents.ndjson')}`,
  );
  yield actions(report);
  yield section(
    'Why we use your data',
    'Each look at your data in the clear is for one of these purposes.',
    table(
      ['Purpose', 'What it is', 'Legal basis'],
      report.purposes.map(({ name, text: meaning, legalBasis }) => [name, meaning, legalBasis]),
    ),
  );
  yield section(
    'Who looked at your data',
    'Every time personal data of yours were shown, exported or packed in the clear. The last one is this package.',
    html`${table(
      ['When', 'In which role', 'For what', 'How'],
      report.openings.rows.map(({ openedAt, role, purpose, kind }) => [
        instant(openedAt),
        role ?? 'employee',
        purpose,
        KINDS[kind] ?? kind,
      ]),
      'No one did.',
    )}${more(report.openings, 'openings.json')}`,
  );
  yield section(
    'Who receives data about you',
    'Systems that are sent what we derive: your stage, your profile under a key, and what is to be done next. They receive no clear identifier from here.',
    table(
      ['Recipient', 'What it is sent', 'Status', 'Data about you'],
      report.recipients.map(({ name, what, status, carriedThem }) => [name, what, status, carriedThem ? 'yes' : 'no']),
      'No recipient is set up.',
    ),
  );
  yield section(
    'Where your data come from',
    'The systems that sent us events about you.',
    table(
      ['System', 'Events', 'First', 'Last'],
      report.sources.map(({ source, events, first, last }) => [source, String(events), day(first), day(last)]),
    ),
  );
  yield retention(report);
  yield events(report);
}

const KINDS: Readonly<Record<string, string>> = {
  view: 'shown on a screen',
  export: 'exported to a file',
  pack: 'packed for a request or an audit',
  feed: 'sent to another system',
};

function summary({ events, withheld, byRole, firstAt, figures }: ReportModel): Html {
  const roles = [...byRole].map(([role, count]) => `${count} ${ROLES[role] ?? role}`).join(', ');
  return html`<section class="summary">
    <h2>In short</h2>
    <dl>
      <div>
        <dt>Events that name you</dt>
        <dd>${events}</dd>
      </div>
      <div>
        <dt>Known since</dt>
        <dd>${firstAt === null ? '–' : day(formatInstant(firstAt))}</dd>
      </div>
      <div>
        <dt>Where you stand</dt>
        <dd>${text(figures['stage'], '–')}${figures['phase'] ? `, ${text(figures['phase'])}` : ''}</dd>
      </div>
    </dl>
    <p>${roles}.</p>
    ${
      withheld === 0
        ? html``
        : html`<p>
            ${withheld} ${withheld === 1 ? 'value is' : 'values are'} left out, since
            ${withheld === 1 ? 'it concerns' : 'they concern'} other people whose rights must not be affected (art.
            15(4)).
          </p>`
    }
    <p>
      This page shows the most important things. The files beside it hold all of it, in forms that programs read;
      <code>manifest.json</code> lists them.
    </p>
  </section>`;
}

const ROLES: Readonly<Record<string, string>> = {
  self: 'about you',
  referee: 'in which another person recommended you',
  recipient: 'of which you are the recipient',
  actor: 'in which you acted',
  quarantined: 'that could not be processed and name you',
};

function stages({ stages: noted }: ReportModel): Html {
  const blocks = noted.rows.toReversed().map((row) => {
    const until = row['leftAt'] === null ? 'today' : day(row['leftAt']);
    const why = text(row['explanation'], `By the rule ${text(row['rule'])}.`)
      .split('\n')
      .filter((line) => line.trim() !== '');
    return html`<article>
      <h3>${text(row['stage'])}, ${text(row['phase'])} <small>${day(row['enteredAt'])} to ${until}</small></h3>
      <ul>
        ${why.map((line) => html`<li>${line}</li>`)}
      </ul>
    </article>`;
  });
  return section(
    'Where you stood, and why',
    'Our rules sort customers into stages, from what happened alone. Each stage is listed with the explanation as it was on the day you entered it, the newest first. No person decides on it, and it has no legal effect.',
    blocks.length === 0 ? html`<p class="none">You have no stage.</p>` : html`${blocks}${more(noted, 'stages.ndjson')}`,
  );
}

/** What the report leaves to the file that holds all of it. */
const more = ({ rows, total }: Noted<unknown>, file: string): Html =>
  total > rows.length
    ? html`<p class="none">
        These are the newest ${String(rows.length)} of ${String(total)}: all of them are in ${file}.
      </p>`
    : html``;

const orders = (rows: readonly AnswerRow[]): Html =>
  table(
    ['Ordered', 'Number', 'System', 'Amount', 'Left', 'Counts'],
    rows.map((row) => [
      ...[day(row['bookedAt']), text(row['orderId']), text(row['source']), money(row['amountMinor'], row['currency'])],
      ...[money(row['netMinor'], row['currency']), row['survives'] === true ? 'yes' : 'no'],
    ]),
  );

const actions = ({ actions: noted }: ReportModel): Html =>
  section(
    'What was proposed to be done',
    'What our rules proposed to our channels about you, and what of it was withdrawn.',
    html`${table(
      ['Published', 'What', 'By', 'Because of', 'Valid'],
      noted.rows.map((row) => [
        ...[instant(row['publishedAt']), `${text(row['treatment'])} (${text(row['kind'])})`, text(row['medium'])],
        ...[text(row['because']), `${day(row['since'])} to ${day(row['validUntil'])}`],
      ]),
      'Nothing was proposed.',
    )}${more(noted, 'actions.json')}`,
  );

const STARTS: Readonly<Record<PersonRetentionRule['since'], string>> = {
  'last-contact': 'your last contact with us',
  'last-purchase': 'your last purchase',
  'end-of-relationship': 'your last purchase, or the end of your last contract if that is later',
};

const CLASSES: Readonly<Record<PersonalClass, string>> = {
  'free-text': 'What you wrote or said',
  notes: 'What our employees wrote about you',
  addresses: 'Addresses of pages and places',
};

const retention = ({ retention: rules, keepOpenings }: ReportModel): Html =>
  section(
    'How long we keep them',
    rules.some(({ what }) => what === 'person')
      ? 'All your data are erased after the first of these times, and a period in which you are told of it; the rules stand in purposes.json.'
      : 'No period is set after which your data are removed by themselves: they are kept until you ask for their erasure, or until a law no longer requires them.',
    html`${rules.flatMap((rule) =>
        rule.what === 'person'
          ? [
              html`<p>
                ${periodInWords(rule.after)} after
                ${STARTS[rule.since]}${
                  rule.unless?.includes('open-contract') === true ? ', and not while a contract of yours is open' : ''
                }.
              </p>`,
            ]
          : rule.what === 'class'
            ? [
                html`<p>
                  ${CLASSES[rule.class]}: ${periodInWords(rule.after)} after the end of the year, also while you are our
                  customer.
                </p>`,
              ]
            : [],
      )}
      <p>The list of who looked at your data is kept for ${keepOpenings}.</p>`,
  );

function events({ newest, events: all }: ReportModel): Html {
  const rows = newest
    .toReversed()
    .map((event) => [
      instant(event.occurredAt),
      event.type,
      eventSource(event),
      ROLES[event.role] ?? event.role,
      gist(event),
    ]);
  const shown =
    all === newest.length
      ? `All ${all} are listed.`
      : `The newest ${newest.length} of ${all} are listed; events.ndjson holds all.`;
  return section(
    'What happened',
    `Every event that names you, the newest first. ${shown}`,
    table(['When (UTC)', 'What', 'System', 'Role', 'Details'], rows),
  );
}

const eventSource = ({ role, source, data }: PersonEvent): string =>
  role === 'quarantined' ? text((data as Record<string, unknown>)['source'], 'unreadable') : source;

const GIST_MAX = 400;

/** What an event says, in a line. */
function gist({ role, data, body, identifiers }: PersonEvent): string {
  const whole = role === 'quarantined' ? body : data;
  const said = typeof whole === 'string' ? whole : fields(whole);
  const known = identifiers
    .flatMap(({ namespace, value }) => (value === null ? [] : [`${namespace} ${value}`]))
    .join(', ');
  const line = [said, known === '' ? '' : `[${known}]`].filter((part) => part !== '').join(' ');
  return line.length > GIST_MAX ? `${line.slice(0, GIST_MAX)}…` : line;
}

function fields(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return value === null || value === undefined ? '' : JSON.stringify(value);
  if (Array.isArray(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${typeof part === 'string' ? part : JSON.stringify(part)}`)
    .join(' · ');
}

const rights = (): Html =>
  section(
    'Your rights',
    'You may ask us to correct or complete these data, to erase them, or to restrict their use; you may object to their use for marketing or for a legitimate interest; and you may receive what you gave us in a form that programs read. You may complain to a supervisory authority.',
    html``,
  );

const section = (title: string, lead: string, content: Html): Html =>
  html`<section>
    <h2>${title}</h2>
    <p class="lead">${lead}</p>
    ${content}
  </section>`;

function table(heads: readonly string[], rows: readonly (readonly string[])[], none = 'Nothing is on record.'): Html {
  if (rows.length === 0) return html`<p class="none">${none}</p>`;
  return html`<div class="table">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function text(value: unknown, absent = '–'): string {
  if (value === null || value === undefined || value === '') return absent;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const DAY_LENGTH = 10;
const day = (value: unknown): string => (typeof value === 'string' ? value.slice(0, DAY_LENGTH) : '–');
const instant = (value: unknown): string =>
  typeof value === 'string' ? value.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '') : '–';

function money(minor: unknown, currency: unknown): string {
  if (typeof minor !== 'number' || typeof currency !== 'string') return '–';
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
    return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${minor} ${currency}`;
  }
}
