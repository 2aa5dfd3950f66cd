import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Every place that opens sealed text, by its file: how often, and why no clear text of it leaves the engine without a record. */
const PLACES: Readonly<Record<string, readonly [number, string]>> = {
  'libs/keys/src/sealed-opener.ts': [
    1,
    'filterable attributes, kept in a table by which customers are selected: no answer shows its values',
  ],
  'libs/queries/src/running/opening-session.ts': [
    1,
    'counts what a query opens, and records it before there is an answer',
  ],
  'libs/queries/src/running/personal-data.ts': [2, 'what the session opens with, and what is searched'],
  'libs/queries/src/reading/attribute-rows.ts': [1, 'within a session'],
  'libs/queries/src/reading/identifiers.ts': [1, 'within a session'],
  'libs/queries/src/queries/customer.ts': [1, 'within a session'],
  'libs/queries/src/queries/timeline.ts': [1, 'within a session'],
  'libs/queries/src/queries/suppressions.ts': [1, 'within a session'],
  'libs/queries/src/reading/recorded.ts': [1, 'within a session'],
  'libs/queries/src/queries/quarantine.ts': [1, 'within a session'],
  'libs/queries/src/queries/identity-decisions.ts': [1, 'within a session'],
  'libs/queries/src/queries/openings.ts': [1, 'within a session'],
  'libs/queries/src/reading/naming.ts': [2, 'bodies and identifiers are searched for a person; ids alone are shown'],
  'libs/ingestion/src/quarantine/quarantine.ts': [
    1,
    'shown by show-quarantined.ts, which records it; released into the log, sealed again',
  ],
  'libs/privacy/src/erasure/quarantined-bodies.ts': [1, 'bodies are searched for a person; ids alone are given'],
  'libs/privacy/src/erasure/find-person.ts': [1, 'identifiers are searched for in bodies, and not shown'],
  'libs/privacy/src/content/check-contents.ts': [4, 'contents are hashed; verdicts alone are shown'],
  'libs/privacy/src/clear-text/clear-text.ts': [1, 'sealed again on the way into another log'],
  'libs/privacy/src/rekeying/rekeying.ts': [5, 'sealed again under another key'],
  'libs/privacy/src/rekeying/compare-rekeyed.ts': [6, 'hashed; digests alone are shown'],
  'libs/privacy/src/rekeying/rekeyed-records.ts': [1, 'sealed again under another key'],
  'libs/privacy/src/rekeying/rekeyed-holds.ts': [2, 'sealed again under another key'],
  'libs/data-subjects/src/handling/show-subject-request.ts': [1, 'shown for a purpose, which it records'],
  'libs/data-subjects/src/package/make-package.ts': [1, 'the package of a data subject, recorded as pack or export'],
  'libs/data-subjects/src/package/person-events.ts': [3, 'within the package'],
  'libs/data-subjects/src/package/own-person.ts': [1, 'within the package'],
  'libs/approvals/src/recorded-approvals.ts': [
    2,
    'reasons and details of acts that wait for approval: for principals who approve',
  ],
  'libs/feeds/src/webhooks/endpoints.ts': [1, 'secrets of webhooks: no data of a person'],
  'libs/feeds/src/webhooks/registrations.ts': [1, 'addresses and secrets of webhooks: no data of a person'],
};

/** Every place beside `eventData` that reads the data of recorded events where answers are made: how often, and why it shows no touchpoint's text in the clear. */
const READ: Readonly<Record<string, readonly [number, string]>> = {
  'libs/queries/src/reading/decisions.ts': [1, 'decisions about who is who: their reason is sealed'],
  'libs/queries/src/queries/timeline.ts': [2, 'decisions about who is who: their reason is sealed'],
  'libs/queries/src/reading/life.ts': [1, 'for the fold, whose results hold no text of a touchpoint'],
  'libs/queries/src/reading/who.ts': [1, 'merges and the like: facts of the engine'],
  'libs/queries/src/reading/policies.ts': [1, 'policies'],
  'libs/queries/src/reading/rates.ts': [1, 'rates'],
  'libs/queries/src/queries/acts.ts': [1, 'acts: what people write in them is sealed'],
  'libs/queries/src/queries/privacy.ts': [1, 'facts about erasures'],
  'libs/data-subjects/src/package/own-person.ts': [1, 'erasures'],
  'libs/data-subjects/src/package/surroundings.ts': [1, 'openings'],
  'libs/data-subjects/src/package/person-events.ts': [1, 'a quarantined event: why it was rejected'],
  'libs/feeds/src/webhooks/registrations.ts': [1, 'registrations of webhooks'],
  'apps/standalone/src/demonstration.ts': [1, 'policies'],
};

const READS_DATA = /JSON\.parse\((?:\w+\.)?data\)|\.data as string/g;

const ANSWERING = ['libs/queries', 'libs/data-subjects', 'libs/feeds', 'apps'];

const OPENS = /\b(?:openMany|openUndamaged|openToSearch|openWhole|resealWhole)\(|(?:sealer|from|personalData)\.open\(/g;

const counted = (roots: readonly string[], pattern: RegExp, except: string): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const root of roots)
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || /\.spec\.ts$|testdata/.test(file)) continue;
      const path = join(root, file);
      if (path === except) continue;
      const count = readFileSync(path, 'utf8').match(pattern)?.length ?? 0;
      if (count > 0) found[path] = count;
    }
  return found;
};
const expected = (places: typeof PLACES): Record<string, number> =>
  Object.fromEntries(Object.entries(places).map(([path, [count]]) => [path, count]));

describe('the places that open sealed text', () => {
  it('are these, and each says why nothing leaves by it without a record', () => {
    expect(counted(['libs', 'apps'], OPENS, 'libs/keys/src/sealer.ts')).toEqual(expected(PLACES));
  });
});

describe('the places that read the data of events for an answer', () => {
  it('are these beside the one that leaves out text which is personal now', () => {
    expect(counted(ANSWERING, READS_DATA, 'libs/queries/src/reading/event-data.ts')).toEqual(expected(READ));
  });
});
