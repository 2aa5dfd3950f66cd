import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { STREAMS } from '#contracts';
import { PersonSearch } from '#ingestion';
import { LOCAL_PRINCIPAL, type Principal } from '#platform';
import { EraseCustomer, EraseCustomerHandler, RecordedOpenings } from '#privacy';
import { MARY, memoryLog, ONE_IS_ENOUGH, orderPlaced, PERSON_FORMS } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';
import { ManageSubjectRequests } from '../handling/manage-subject-requests.js';
import { MakePackage, type PackageVerdict } from './make-package.js';
import type { PackageSummary } from './package-chunk.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const BOB = [
  { namespace: 'userId', value: 'user-bob-1' },
  { namespace: 'email', value: 'bob.other@shop.example' },
];
/** What would give Bob away. */
const TRACES = ['user-bob-1', 'bob.other', 'Bob Other', 'likes tea'];

describe('the package of a data subject', () => {
  let engine: IngestingEngine;
  let requests: ManageSubjectRequests;
  let packages: MakePackage;
  let bodies: readonly (string | undefined)[];
  const person = new PersonSearch(MARY);

  const bobsMeta = async (): Promise<unknown> => {
    const [gift] = await engine.context.log.find([{ source: 'shop', id: 'gift' }]);
    return JSON.parse(gift?.meta ?? '');
  };

  beforeAll(async () => {
    engine = await ingestingEngine(() => NOW);
    const { context, sealer } = engine;
    const clock = { now: () => NOW };
    requests = new ManageSubjectRequests({ context, sealer });
    const openings = new RecordedOpenings({ log: context.log, sealer, clock });
    packages = new MakePackage({ context, sealer, openings, requests });
    const [user, email] = MARY;
    const told = (id: string, type: string, data: object, identifiers: readonly unknown[] = [user]) =>
      orderPlaced({ id, type, data, identifiers });
    await engine.take(
      orderPlaced({ id: 'own', identifiers: MARY }),
      told('profile', 'profile-updated', {
        attributes: { name: 'Mary <script>alert(1)</script> Secret', city: 'Graz' },
      }),
      told('consent', 'consent-given', { purpose: 'marketing', medium: 'email', wording: 'newsletter 7' }),
      told('note', 'note-added', { text: 'prefers a call in the evening' }),
      told('gift', 'order-placed', { orderId: 'g-1', currency: 'EUR', totalMinor: 500 }, [
        ...BOB,
        { ...email, role: 'recipient' },
      ]),
      told('bob-note', 'note-added', { text: 'Bob Other likes tea' }, [...BOB, { ...email, role: 'actor' }]),
    );
    // As an older program stored it: its reason became personal later, and stands in the clear.
    const bob = sealer.subjectIdOf('userId', 'user-bob-1');
    const { sealed: _, ...old } = (await bobsMeta()) as { sealed?: string };
    const data = JSON.stringify({ orderId: 'g-1', reason: 'Bob Other likes tea' });
    await context.log.append(STREAMS.subject(bob), 'any', [
      {
        ...{ source: 'shop', id: 'old', type: 'order-cancelled', schemaVersion: 1, occurredAt: NOW, data },
        ...{ contentHash: Buffer.alloc(16, 1), meta: JSON.stringify(old) },
      },
    ]);
    bodies = await engine.take(
      ...PERSON_FORMS.map(([, body], n) => ({ mine: body, n, other: { email: BOB[1]?.value, name: 'Bob Other' } })),
    );
  }, 180_000);
  afterAll(() => engine.close());

  const opened = async (identifier: string, kind: string): Promise<string> => {
    const verdict = await requests.open({ kind, identifier, askerChecked: 'passport' }, 'local');
    if (verdict.outcome !== 'done') throw new Error(JSON.stringify(verdict));
    return verdict.request.requestId;
  };
  const read = async (verdict: PackageVerdict): Promise<{ files: Record<string, string>; summary: PackageSummary }> => {
    if (verdict.outcome !== 'ready') throw new Error(verdict.outcome);
    const files: Record<string, string> = {};
    let summary: PackageSummary | null = null;
    for await (const line of verdict.lines)
      if ('package' in line) summary = line.package;
      else if ('file' in line) files[line.file] = (files[line.file] ?? '') + line.text;
    if (summary === null) throw new Error('cut');
    return { files, summary };
  };
  const pack = async (id: string, principal: Principal = LOCAL_PRINCIPAL) => {
    // The request is in the log, and read models that are behind could lack a link.
    await engine.projector.catchUp();
    return packages.make(id, { principal, requestId: 'answer-1' });
  };
  const rowsIn = (text = ''): Record<string, unknown>[] =>
    text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
  const recordedOpenings = async (): Promise<Record<string, unknown>[]> => {
    const found: Record<string, unknown>[] = [];
    for await (const page of engine.context.log.read(STREAMS.access('2026-01-31')))
      for (const { type, data } of page)
        if (type === 'personal-data-opened') found.push(JSON.parse(data) as Record<string, unknown>);
    return found;
  };

  it('holds everything that names the person, in every form, and nothing of another in the clear', async () => {
    const id = await opened('email:mary.secret@shop.example', 'access');
    const verdict = await pack(id);
    // On record before the first text is read.
    expect(await recordedOpenings()).toMatchObject([{ kind: 'pack', purpose: 'subject-request', ticket: id }]);
    const { files, summary } = await read(verdict);
    const events = rowsIn(files['events.ndjson']);
    const byId = new Map(events.map((event) => [event['id'], event]));
    expect(bodies).toHaveLength(PERSON_FORMS.length);
    for (const [at, [title]] of PERSON_FORMS.entries()) {
      const event = byId.get(bodies[at]);
      expect([title, event?.['role'], person.isIn(event?.['body'])]).toEqual([title, 'quarantined', true]);
    }
    expect(['own', 'profile', 'consent', 'note', 'gift', 'bob-note'].map((each) => byId.get(each)?.['role'])).toEqual([
      ...['self', 'self', 'self', 'self', 'recipient', 'actor'],
    ]);
    expect(byId.get('note')).toMatchObject({ data: { text: 'prefers a call in the evening' } });
    expect(byId.get('gift')).toMatchObject({
      identifiers: [
        { namespace: 'userId', role: 'self', value: null },
        { namespace: 'email', role: 'self', value: null },
        { namespace: 'email', role: 'recipient', value: 'mary.secret@shop.example' },
      ],
      withheld: 2,
    });
    expect(byId.get('old')).toMatchObject({ role: 'recipient', data: { orderId: 'g-1' }, withheld: 3 });
    const all = Object.values(files).join('\n');
    expect(TRACES.filter((trace) => all.includes(trace))).toEqual([]);
    for (const { value } of MARY) expect(files['identifiers.json']).toContain(value);
    expect(rowsIn(files['consents.ndjson'])).toMatchObject([
      { purpose: 'marketing', state: 'given', wording: 'newsletter 7' },
    ]);
    expect(rowsIn(files['orders.ndjson'])).toMatchObject([{ orderId: 'o-1', netMinor: 1999 }]);
    expect(rowsIn(files['stages.ndjson'])[0]?.['explanation']).toEqual(expect.stringMatching(/\w+/));
    expect(JSON.parse(files['openings.json'] ?? '')).toMatchObject([{ purpose: 'subject-request', kind: 'pack' }]);
    expect(JSON.parse(files['purposes.json'] ?? '')).toMatchObject({
      purposes: expect.arrayContaining([expect.objectContaining({ legalBasis: expect.any(String) })]),
    });
    expect(summary.events).toBe(events.length);
    expect(summary.withheld).toBeGreaterThan(PERSON_FORMS.length);
    expect(summary.digest).toBe(
      createHash('sha256')
        .update(files['manifest.json'] ?? '')
        .digest('hex'),
    );
    for (const { name, sha256 } of summary.files)
      expect([
        name,
        createHash('sha256')
          .update(files[name] ?? '')
          .digest('hex'),
      ]).toEqual([name, sha256]);
    const keep = process.env['KEEP_PACKAGE'];
    if (keep !== undefined) {
      mkdirSync(keep, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(keep, name), text);
    }
  }, 120_000);

  it('has a report that shows foreign text as text, and loads nothing', async () => {
    const { files } = await read(await pack(await opened('userId:mary-4711', 'access')));
    const report = files['report.html'] ?? '';
    expect(report).toContain('Mary &lt;script&gt;alert(1)&lt;/script&gt; Secret');
    const tags = [...report.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
    expect(
      tags.filter((tag) => /^<(?:script|img|link|a|iframe|object|svg)\b|\s(?:on\w+|src|href|style)=/i.test(tag)),
    ).toEqual([]);
    expect(report).toContain(`content="default-src 'none'; style-src 'sha256-`);
    expect(report).toContain('values are left out');
  });

  it('is the same, byte for byte, for the same request at the same head of the log, but for when it was made', async () => {
    const { context, sealer } = engine;
    const id = await opened('userId:mary-4711', 'access');
    await engine.projector.catchUp();
    const at = async (now: number): Promise<Record<string, string>> => {
      const clock = { now: () => now };
      // The record of the opening stands in another log, so that the head of this one stays where it is.
      const openings = new RecordedOpenings({ log: memoryLog({ clock }), sealer, clock });
      const making = new MakePackage({ context: { ...context, clock }, sealer, openings, requests });
      return (await read(await making.make(id, { principal: LOCAL_PRINCIPAL, requestId: String(now) }))).files;
    };
    const [first, second] = [await at(NOW + 60_000), await at(NOW + 120_000)];
    expect(Object.keys(second)).toEqual(Object.keys(first));
    const differ = Object.keys(first).filter((name) => first[name] !== second[name]);
    expect(differ.sort()).toEqual(['manifest.json', 'report.html']);
    const undated = (report = ''): string => report.replaceAll(/2026-01-31,? 12:0[12]/g, 'MADE');
    expect(undated(second['report.html'])).toBe(undated(first['report.html']));
    const manifest = (files: Record<string, string>): unknown => {
      const { files: listed, ...rest } = JSON.parse(files['manifest.json'] ?? '') as { files: { name: string }[] };
      return { ...rest, made: 'MADE', files: listed.filter(({ name }) => name !== 'report.html') };
    };
    expect(manifest(second)).toEqual(manifest(first));
  });

  it('holds a page of the record of openings and the newest rows for the report, however many there are', async () => {
    const { context, sealer } = engine;
    const ids = [sealer.subjectIdOf('userId', 'mary-4711')];
    const opening = { by: 'local', purpose: 'service', ticket: null, query: 'customer', parameters: 'a'.repeat(32) };
    const columns = ['identifiers'];
    const data = JSON.stringify({
      ...opening,
      columns,
      subjectIds: ids,
      quarantineIds: [],
      count: 1,
      kind: 'view',
      requestId: 'r',
    });
    const many = Array.from({ length: 1_200 }, (_, at) => ({
      ...{
        source: 'perennial/access',
        id: `many-${at}`,
        type: 'personal-data-opened',
        schemaVersion: 1,
        occurredAt: NOW,
      },
      ...{ contentHash: Buffer.alloc(16, 3), meta: '{"by":"local"}', data },
    }));
    await context.log.append(STREAMS.access('2026-01-31'), 'any', many);
    let held = 0;
    const whole = context.log.read.bind(context.log);
    const reading = jest.spyOn(context.log, 'read').mockImplementation(async function* (...asked) {
      for await (const page of whole(...asked)) {
        held = Math.max(held, page.length);
        yield page;
      }
    });
    const openings = new RecordedOpenings({ log: context.log, sealer, clock: context.clock });
    const making = new MakePackage({ context, sealer, openings, requests });
    const id = await opened('userId:mary-4711', 'access');
    await engine.projector.catchUp();
    const verdict = await making.make(id, { principal: LOCAL_PRINCIPAL, requestId: 'many' });
    const { files } = await read(verdict);
    reading.mockRestore();
    const listed = JSON.parse(files['openings.json'] ?? '') as unknown[];
    expect(listed.length).toBeGreaterThan(1_200);
    expect(held).toBeLessThanOrEqual(500);
    expect(files['report.html']).toContain(`newest 500 of ${listed.length}: all of them are in openings.json`);
  });

  it('for portability holds what the person gave or did alone', async () => {
    const { files, summary } = await read(await pack(await opened('userId:mary-4711', 'portability')));
    expect(Object.keys(files).sort()).toEqual([
      'identifiers.json',
      'manifest.json',
      'touchpoints.csv',
      'touchpoints.ndjson',
    ]);
    expect(rowsIn(files['touchpoints.ndjson']).map(({ id }) => id)).toEqual(['own', 'consent']);
    expect(files['touchpoints.csv']?.trim().split('\n')).toHaveLength(3);
    expect(summary.events).toBe(2);
  });

  it('is made for a principal alone that may open for such requests, and for the kinds that it answers', async () => {
    const before = (await recordedOpenings()).length;
    const id = await opened('userId:mary-4711', 'access');
    const officer = { ...LOCAL_PRINCIPAL, permissions: new Set(['erase'] as const) };
    expect(await pack(id, officer)).toMatchObject({ outcome: 'closed' });
    expect(await pack(await opened('userId:mary-4711', 'erasure'))).toMatchObject({ outcome: 'conflict' });
    expect(await pack('0'.repeat(32))).toEqual({ outcome: 'unknown' });
    expect(await recordedOpenings()).toHaveLength(before);
  });

  it('of a person with nothing on record says so', async () => {
    const { files, summary } = await read(await pack(await opened('email:stranger@shop.example', 'access')));
    expect(summary).toMatchObject({ events: 0, withheld: 0 });
    expect(files['report.html']).toContain('Nothing is on record');
  });

  it('of a person that others name alone holds what they say', async () => {
    await engine.take(
      orderPlaced({
        id: 'p',
        identifiers: [BOB[0], { namespace: 'email', value: 'gift@shop.example', role: 'recipient' }],
      }),
    );
    const { files, summary } = await read(await pack(await opened('email:Gift@shop.example', 'access')));
    expect(summary.events).toBe(1);
    expect(rowsIn(files['events.ndjson'])).toMatchObject([
      { id: 'p', role: 'recipient', identifiers: [{ value: null }, { value: 'gift@shop.example' }] },
    ]);
    expect(files['report.html']).not.toContain('Nothing is on record');
  });

  it('is not made of an erased person: the date of the erasure is said', async () => {
    const id = await opened('userId:mary-4711', 'access');
    const { database, keys, sealer, ingestion, context } = engine;
    const erase = new EraseCustomerHandler({
      ...{ log: context.log, keys, sealer, database, identities: ingestion.identities, clock: { now: () => NOW } },
      approvals: ONE_IS_ENOUGH,
    });
    const mary = { identifiers: [{ namespace: 'userId', value: 'mary-4711' }], customerId: null };
    await engine.projector.catchUp();
    await erase.execute(new EraseCustomer(mary, LOCAL_PRINCIPAL));
    expect(await pack(id)).toEqual({ outcome: 'erased', erasedAt: NOW });
  }, 120_000);
});
