import { createHash } from 'node:crypto';
import { formatInstant, normaliseIdentifier, type Instant } from '#contracts';
import type { ClearIdentifier } from '#ingestion';
import type { Sealer } from '#keys';
import type { OpeningRequest, Openings } from '#platform';
import type { SubjectRequest } from '#privacy';
import { csvHeader, csvRow, type QueryContext } from '#queries';
import type { ManageSubjectRequests } from '../handling/manage-subject-requests.js';
import { emptyReport, note, noteEvent, type Noted, type ReportModel } from '../report/report-model.js';
import { reportHtml } from '../report/report-html.js';
import { findPerson, type OwnPerson } from './own-person.js';
import type { PackageChunk, PackageLine } from './package-chunk.js';
import { PackageFiles } from './package-files.js';
import { PersonEvents, type PersonEvent } from './person-events.js';
import {
  actionsOf,
  explanationAt,
  openingsOf,
  openingsKeptFor,
  policyInForce,
  purposesUnder,
  recipientsOf,
  rowsOf,
} from './surroundings.js';

export interface PackageDependencies {
  readonly context: QueryContext;
  readonly openings: Openings;
  readonly requests: ManageSubjectRequests;
  readonly sealer: Sealer;
}

export type PackageVerdict =
  | { readonly outcome: 'ready'; readonly lines: AsyncGenerator<PackageLine> }
  | { readonly outcome: 'unknown' }
  /** The request is not one that is answered by a package. */
  | { readonly outcome: 'conflict'; readonly detail: string }
  /** The caller may not open personal data for requests of data subjects. */
  | { readonly outcome: 'closed'; readonly hint: string }
  | { readonly outcome: 'erased'; readonly erasedAt: Instant | null }
  | { readonly outcome: 'behind' | 'rebuilding' };

/** The purpose of the policy under which a package is made. */
export const PACKAGE_PURPOSE = 'subject-request';

const PROGRESS_EVERY = 200;
/** So many stage periods are explained in words: each is a fold of the whole life. */
const EXPLAINED_MAX = 200;

/**
 * Makes what a data subject is handed: for access (art. 15) everything that names them, for portability (art. 20) what they gave or did. The opening is on record
 * before the first text leaves. Memory holds a page of events, and what the report shows.
 */
export class MakePackage {
  private readonly events: PersonEvents;

  constructor(private readonly dependencies: PackageDependencies) {
    this.events = new PersonEvents(dependencies.context);
  }

  async make(requestId: string, opening: Pick<OpeningRequest, 'principal' | 'requestId'>): Promise<PackageVerdict> {
    const { context, openings, requests } = this.dependencies;
    const request = await requests.find(requestId);
    if (request === null) return { outcome: 'unknown' };
    const { kind } = request;
    if (kind !== 'access' && kind !== 'portability')
      return { outcome: 'conflict', detail: `A request for ${kind} is answered by an act, not by a package.` };
    const stated: OpeningRequest = {
      ...{ principal: opening.principal, requestId: opening.requestId, kind: 'pack' },
      ...{ purpose: PACKAGE_PURPOSE, ticket: requestId, reason: null },
    };
    const state = await openings.decide(stated);
    if (state.state === 'closed') return { outcome: 'closed', hint: state.hint };
    const named = await this.namedIn(request);
    const found = await findPerson(context, request, named);
    if (found.outcome !== 'found') return found;
    if (!(await this.events.areComplete())) return { outcome: 'rebuilding' };
    const { person } = found;
    const { events, quarantineIds } = await this.events.count(person);
    await openings.recordOpening({
      ...{
        ...stated,
        purpose: PACKAGE_PURPOSE,
        query: 'subject-request',
        parameters: { requestId },
        columns: ['package'],
      },
      subjects: new Map(person.subjectIds.map((id) => [id, Math.max(1, events)])),
      bodies: new Map(quarantineIds.map((id) => [id, 1])),
    });
    const task: Task = { request, person, total: events, quarantineIds, files: new PackageFiles() };
    return { outcome: 'ready', lines: kind === 'access' ? this.access(task) : this.portability(task) };
  }

  /** How the person named themselves, where it can be opened. */
  private async namedIn({ requestId, sealed }: SubjectRequest): Promise<ClearIdentifier | null> {
    if (sealed.received === null) return null;
    const [text] = await this.dependencies.sealer.openUndamaged([{ subjectId: requestId, sealed: sealed.received }]);
    const { identifier = null } = JSON.parse(text ?? '{}') as { readonly identifier?: string | null };
    if (identifier === null) return null;
    const colon = identifier.indexOf(':');
    const namespace = identifier.slice(0, colon);
    return { namespace, value: normaliseIdentifier(namespace, identifier.slice(colon + 1)) };
  }

  private async *access(task: Task): AsyncGenerator<PackageLine> {
    const { context } = this.dependencies;
    const { request, person, files, quarantineIds } = task;
    const now = context.clock.now();
    const report = emptyReport(request, now);
    const { version, policy } = await policyInForce(context);
    report.identifiers = person.identifiers;
    report.purposes = purposesUnder(policy);
    report.keepOpenings = openingsKeptFor(policy);
    yield* files.json('identifiers.json', {
      customerId: person.customerId,
      identifiers: person.identifiers,
      subjectIds: person.subjectIds,
    });
    yield* this.eventLines(task, files, report);
    const { identifiers: _, ...figures } = (await first(rowsOf(context, 'customer', person))) ?? {};
    report.figures = figures;
    yield* files.json('figures.json', figures);
    yield* files.write('stages.ndjson', this.stages(person, report));
    yield* files.write('orders.ndjson', linesOf(noting(report.orders, rowsOf(context, 'orders', person))));
    yield* files.write('consents.ndjson', linesOf(noting(report.consents, rowsOf(context, 'consents', person))));
    yield* files.list('actions.json', noting(report.actions, actionsOf(context, person)));
    const openings = openingsOf(context, person, quarantineIds, { from: report.firstAt ?? now, to: now });
    yield* files.list('openings.json', noting(report.openings, openings));
    report.recipients = await recipientsOf(context, person);
    yield* files.json('recipients.json', report.recipients);
    yield* files.json('sources.json', report.sources);
    const retention = policy?.retention ?? null;
    report.retention = retention ?? [];
    yield* files.json('purposes.json', { policy: version, purposes: report.purposes, retention });
    yield* files.write('report.html', reportHtml(report));
    yield* this.manifest(task, files, report.events, report.withheld);
  }

  /** What the person gave or did, and nothing that was derived or that others did: GDPR art. 20(1). */
  private async *portability(task: Task): AsyncGenerator<PackageLine> {
    const { person, files } = task;
    yield* files.json(
      'identifiers.json',
      person.identifiers.map(({ namespace, value }) => ({ namespace, value })),
    );
    let events = 0;
    const given = async function* (all: AsyncGenerator<PersonEvent>) {
      for await (const event of all) if (event.role === 'self' && event.origin === 'customer') yield event;
    };
    const lines = async function* (all: AsyncGenerator<PersonEvent>) {
      for await (const event of all) {
        events += 1;
        yield `${JSON.stringify(portable(event))}\n`;
      }
    };
    const rows = async function* (all: AsyncGenerator<PersonEvent>) {
      yield csvHeader(PORTABLE_COLUMNS);
      for await (const event of all) yield csvRow(PORTABLE_COLUMNS, portable(event));
    };
    yield* files.write('touchpoints.ndjson', lines(given(this.events.read(person))));
    yield { done: task.total, total: task.total };
    yield* files.write('touchpoints.csv', rows(given(this.events.read(person))));
    yield* this.manifest(task, files, events, 0);
  }

  private async *eventLines(task: Task, files: PackageFiles, report: ReportModel): AsyncGenerator<PackageLine> {
    const lines = async function* (all: AsyncGenerator<PersonEvent>) {
      for await (const event of all) {
        noteEvent(report, event);
        yield `${JSON.stringify(event)}\n`;
      }
    };
    let told = 0;
    for await (const chunk of files.write('events.ndjson', lines(this.events.read(task.person)))) {
      yield chunk;
      if (report.events - told < PROGRESS_EVERY) continue;
      told = report.events;
      yield { done: told, total: task.total };
    }
    yield { done: report.events, total: task.total };
  }

  private async *stages(person: OwnPerson, report: ReportModel): AsyncGenerator<string> {
    let explained = 0;
    for await (const row of rowsOf(this.dependencies.context, 'history', person)) {
      explained += 1;
      const explanation =
        explained > EXPLAINED_MAX
          ? null
          : await explanationAt(this.dependencies.context, person, String(row['enteredAt']));
      note(report.stages, { ...row, explanation });
      yield `${JSON.stringify({ ...row, explanation })}\n`;
    }
  }

  private async *manifest(
    { request, person }: Task,
    files: PackageFiles,
    events: number,
    withheld: number,
  ): AsyncGenerator<PackageLine> {
    const manifest = {
      format: 'perennial-subject-package/1',
      ...{ kind: request.kind, requestId: request.requestId, receivedAt: formatInstant(request.receivedAt) },
      made: formatInstant(this.dependencies.context.clock.now()),
      ...{ position: person.position, customerId: person.customerId, events, withheld },
      files: [...files.files],
    };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const chunk: PackageChunk = { file: 'manifest.json', text };
    yield chunk;
    const digest = createHash('sha256').update(text).digest('hex');
    yield { package: { digest, files: manifest.files, events, withheld } };
  }
}

interface Task {
  readonly request: SubjectRequest;
  readonly person: OwnPerson;
  /** Events that name the person. */
  readonly total: number;
  readonly quarantineIds: readonly string[];
  readonly files: PackageFiles;
}

const portable = ({ occurredAt, type, source, id, channel, identifiers, data, beside }: PersonEvent) => ({
  ...{ occurredAt, type, source, id, channel, data, beside },
  identifiers: identifiers.filter(({ value }) => value !== null),
});

const PORTABLE_COLUMNS = [
  { name: 'occurredAt', type: 'instant', description: 'when it happened' },
  { name: 'type', type: 'text', description: 'what it was' },
  { name: 'source', type: 'text', description: 'the system that sent it' },
  { name: 'id', type: 'text', description: 'its id there' },
  { name: 'channel', type: 'text', description: 'through which channel', nullable: true },
  { name: 'data', type: 'json', description: 'what was given or done' },
] as const;

async function first<T>(rows: AsyncGenerator<T>): Promise<T | null> {
  for await (const row of rows) return row;
  return null;
}

/** Rows as lines of JSON. */
async function* linesOf(rows: AsyncGenerator<unknown>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** The rows, noted for the report on their way. */
async function* noting<T>(noted: Noted<T>, rows: AsyncGenerator<T>): AsyncGenerator<T> {
  for await (const row of rows) {
    note(noted, row);
    yield row;
  }
}
