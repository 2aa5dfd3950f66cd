// The words that this project does not use, with the standard word for each: names, comments, texts and documents say what an engineer
// or marketer elsewhere would search for. `node scripts/words.mjs [FILE or FOLDER …]` lists the hits; test/words.spec.ts holds the
// whole project to it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Words used nowhere, neither in names nor in prose. A pattern of one or several words, and what stands instead. */
export const GONE = [
  ['mend(s|ed|ing|able)?', 'fix; as a name: hint'],
  ['helpings?', 'batch'],
  ['anew', 'again, from scratch'],
  ['who(m)?(so)?ever', 'the component that acts: the relay, the client, the operator'],
  ['whom', 'the component or person that is meant'],
  ['somebody', 'the component or person that is meant'],
  ['nobody', 'the component or person that is meant'],
  ['everybody', 'every customer, every client'],
  ['she', 'they, the customer'],
  ['hers?', 'their, them, the customer'],
  ['herself', 'themselves'],
  ['unwell', 'failing'],
  ['dossiers?', 'profile'],
  ['fate[sd]?', 'outcome'],
  ['tellings?', 'stage change, delivered message'],
  ['rehears(e|es|ed|al|als|ing)', 'dry run'],
  ['postman', 'webhook client; send'],
  ['unfit(ness)?', 'invalid'],
  ['sets?[ ~]aside', 'quarantine'],
  ['stand~ins?', 'fake'],
  ['feeders?', 'relay'],
];

/** Names of types, functions and fields that are used no more, exactly as they were written. */
export const NAMES = {
  Flaw: 'ValidationIssue',
  Complaint: 'ValidationIssue',
  Fault: 'ValidationIssue',
  Misfit: 'ValidationIssue',
  MappingError: 'ValidationIssue',
  PolicyError: 'ValidationIssue',
  ConfigProblem: 'ValidationIssue',
  Refusal: 'Rejection',
  Gathering: 'MicroBatcher',
  Follower: 'ReadModelStore, or a function of (tx, batch)',
  Postman: 'WebhookClient',
  Reach: 'EgressPolicy',
  RequestDesk: 'JobRunner',
  Bell: 'Notifier',
  Line: 'FairQueue',
  Recent: 'LruCache',
  Told: 'StageChange',
  Said: 'OutboxMessage',
  Word: 'OutboxMessage',
  Taken: 'IngestResult',
  TakeTouchpoints: 'IngestTouchpoints',
  Passed: 'ValidTouchpoint',
  Touched: 'AffectedCustomer',
  Treated: 'at most two more than AffectedCustomer, FoldTask, FoldOutcome',
  Subjected: 'at most two more than AffectedCustomer, FoldTask, FoldOutcome',
  FoldedOne: 'FoldOutcome',
  NamesUnderWay: 'InFlightIds',
  DirectRoad: 'the fast path',
  PlainReader: 'SimpleReader',
  AskQuestion: 'RunQuery',
  Asker: 'CurrentPrincipal',
  takeHold: 'acquireLease',
  held_until: 'lease_expires_at',
  heldUntil: 'leaseExpiresAt',
  LOOK_MS: 'POLL_MS',
  sayAgain: 'replay',
  carryUnsent: 'drainOutbox',
  addressWaiting: 'enqueueDeliveries',
  touchedAnew: 'refoldFromStart',
  judgeIds: 'deduplicate',
  openWhenAsked: 'openOnFirstUse',
};

/** Names of files and folders that are used no more: one part of a path, without its ending. */
export const PATHS = {
  intake: 'ingestion (the app keeps its name)',
  taking: 'pipeline',
  receiving: 'cloudevents',
  carrying: 'relay',
  following: 'processor',
  asking: 'running',
  visits: 'stage-periods',
  fates: 'outcomes',
  flaw: 'validation-issue',
  told: 'stage-change',
  said: 'published',
  unsent: 'outbox',
  desk: 'job-runner',
  bell: 'notifier',
  post: 'webhook-client',
  reach: 'egress-policy',
  tries: 'attempts',
  asked: 'parse-endpoint',
  addressing: 'fan-out',
  gathering: 'micro-batcher',
  requests: 'jobs',
  outputs: 'outbox',
  follower: 'processor',
  refusal: 'rejection',
  judgement: 'deduplication',
};

/** Routes, settings, tables and fields that other programs met: each is gone, or answered with its new name. */
export const PUBLIC = {
  'touchpoints/fate': '/v1/touchpoints/outcome',
  'query/visits': '/v1/query/stage-periods',
  'query/fates': '/v1/query/outcomes',
  'v1/work': '/v1/jobs',
  'perennial-mend': 'perennial-hint',
  FEEDER_PORT: 'RELAY_PORT',
  'perennial.requests': 'perennial.jobs',
  'perennial_webhooks.waiting': 'perennial_webhooks.pending',
  'perennial_webhooks.told': 'perennial_webhooks.delivered',
  'PROJECTOR_ROLE=folders': 'PROJECTOR_ROLE=workers',
  'read-personal': 'open',
};

/**
 * Where the old words stay: what was stored under them is read for ever (upcasters, golden files), released migrations are never edited,
 * old settings are answered with their new names, placeholders are what people type, and this list names them all.
 */
const KEPT =
  /(^|\/)(golden\/|upcasters(\.spec)?\.ts$|migrations?\.ts$|migrations\.int\.spec\.ts$|former-names(\.spec)?\.(ts|md)$|former-versions\.ts$|placeholders\.ts$)|^scripts\/words\.mjs$|^test\/words\.spec\.ts$|^package-lock\.json$|^LICENSE$/;

const GONE_PATTERNS = GONE.map(([pattern, instead]) => [new RegExp(`\\b(?:${pattern})\\b`, 'gi'), instead]);
const NAME = new RegExp(`(?<![\\w$-])(${Object.keys(NAMES).join('|')})(?![\\w$-])`, 'g');
const TOLD_PUBLIC = Object.entries(PUBLIC);
const SOURCE = /\.(ts|mjs|js)$/;

/** A line as words: `isUnfit_row` is read as `is~Unfit~row`, `stand-in` as `stand~in`. */
const asWords = (line) => line.replace(/([a-z0-9])(?=[A-Z])/g, '$1~').replace(/[_-]/g, '~');

/** What is wrong in one file's text: line, word, and the standard word. */
export function wordsIn(text, file) {
  const hits = [];
  text.split('\n').forEach((line, index) => {
    const words = asWords(line);
    for (const [pattern, instead] of GONE_PATTERNS)
      for (const [word] of words.matchAll(pattern)) hits.push({ file, line: index + 1, word, instead });
    for (const [name, instead] of TOLD_PUBLIC)
      if (line.includes(name)) hits.push({ file, line: index + 1, word: name, instead });
    if (SOURCE.test(file))
      for (const [, word] of code(line).matchAll(NAME))
        hits.push({ file, line: index + 1, word, instead: NAMES[word] });
  });
  return hits;
}

/** A line of source without its comment: an old name is an ordinary word in a sentence. */
const code = (line) =>
  /^\s*(\*|\/\*|\/\/)/.test(line)
    ? ''
    : line.replace(/(^|\s)\/\/ .*$/, '').replace(/(['"`])(?:(?!\1).)* (?:(?!\1).)*\1/g, "''");

/** Parts of a file's path that are used no more. */
export function wordsOfPath(file) {
  if (!/^(libs|apps|test|bench|scripts|examples)\//.test(file) || file.startsWith('apps/intake/')) return [];
  return file
    .split('/')
    .map((part) => part.split('.')[0])
    .filter((part) => Object.hasOwn(PATHS, part))
    .map((word) => ({ file, line: 0, word, instead: PATHS[word] }));
}

/** All hits in the files that git knows of, below the paths given (all of the project by default). */
export function findWords(root, paths = []) {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...paths], {
    cwd: root,
  });
  const files = String(git.stdout)
    .split('\0')
    .filter((file) => file !== '' && !KEPT.test(file));
  const hits = [];
  for (const file of new Set(files)) {
    let text;
    try {
      text = readFileSync(join(root, file), 'utf8');
    } catch {
      continue; // Deleted, and not yet committed.
    }
    if (text.includes('\0')) continue;
    hits.push(...wordsOfPath(file), ...wordsIn(text, file));
  }
  return hits;
}

export const lineOf = ({ file, line, word, instead }) => `${file}:${line}: "${word}": write ${instead}`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const hits = findWords(resolve(import.meta.dirname, '..'), process.argv.slice(2));
  for (const hit of hits) console.log(lineOf(hit));
  console.log(`${hits.length} ${hits.length === 1 ? 'word' : 'words'} to replace.`);
  process.exit(hits.length === 0 ? 0 : 1);
}
