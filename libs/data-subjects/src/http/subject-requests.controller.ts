import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtension,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiTags,
} from '@nestjs/swagger';
import {
  formatInstant,
  SUBJECT_REQUEST_KINDS,
  SUBJECT_REQUEST_OUTCOMES,
  type SubjectRequestKind,
  type SubjectRequestOutcome,
} from '#contracts';
import { SEALER, type Sealer } from '#keys';
import {
  actorOf,
  OPENINGS,
  type OpeningRequest,
  type Openings,
  type PersonalDataState,
  type Principal,
} from '#platform';
import {
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  Opens,
  Problem,
  Records,
  StatedOpening,
} from '#platform/nest';
import type { RequestState } from '#queries';
import { MakePackage, type PackageVerdict } from '../package/make-package.js';
import type { PackageLine } from '../package/package-chunk.js';
import { ManageSubjectRequests, type RequestVerdict } from '../handling/manage-subject-requests.js';
import { NEW_SUBJECT_REQUEST, REQUEST_ANSWER, REQUEST_EXTENSION } from '../handling/request-documents.js';
import type { PersonState, SubjectRequestView } from '../handling/request-view.js';
import { showSubjectRequest, type ShownSubjectRequest, type WrittenTexts } from '../handling/show-subject-request.js';

export class SubjectRequestResource implements SubjectRequestView {
  @ApiProperty()
  readonly requestId!: string;
  @ApiProperty({ enum: SUBJECT_REQUEST_KINDS })
  readonly kind!: SubjectRequestKind;
  @ApiProperty({ enum: ['open', 'due', 'overdue', 'answered'] })
  readonly state!: RequestState;
  @ApiProperty({ format: 'date-time' })
  readonly receivedAt!: string;
  @ApiProperty({ format: 'date', description: 'The last day on which it may be answered, in the zone of the business' })
  readonly dueOn!: string;
  @ApiProperty({ nullable: true, type: Number })
  readonly daysLeft!: number | null;
  @ApiProperty({ example: 'Europe/Berlin' })
  readonly timeZone!: string;
  @ApiProperty({ description: 'Whether the time was extended by two months' })
  readonly extended!: boolean;
  @ApiProperty({
    enum: ['known', 'unknown', 'erased'],
    description: 'unknown: no event of their own is on record; others may name them all the same',
  })
  readonly person!: PersonState;
  @ApiProperty({ nullable: true, type: String })
  readonly customerId!: string | null;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly answeredAt!: string | null;
  @ApiProperty({ nullable: true, type: String, enum: SUBJECT_REQUEST_OUTCOMES })
  readonly outcome!: SubjectRequestOutcome | null;
  @ApiProperty({ nullable: true, type: String, description: 'SHA-256 of the manifest of what was handed over' })
  readonly digest!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly by!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly answeredBy!: string | null;
}

class WrittenTextsView implements WrittenTexts {
  @ApiProperty({ nullable: true, type: String, description: 'How the person named themselves' })
  readonly identifier!: string | null;
  @ApiProperty({ nullable: true, type: String, description: 'How it was checked that the asker is the person' })
  readonly askerChecked!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly note!: string | null;
  @ApiProperty({ nullable: true, type: String, description: 'Why more time was needed' })
  readonly extensionReason!: string | null;
  @ApiProperty({ nullable: true, type: String, description: 'A note on the answer, such as why it was refused' })
  readonly answerNote!: string | null;
}

export class ShownSubjectRequestResource extends SubjectRequestResource implements ShownSubjectRequest {
  @ApiProperty({
    nullable: true,
    type: WrittenTextsView,
    description: 'What people wrote about it; null without a purpose that is granted, or once the person was erased',
  })
  readonly written!: WrittenTexts | null;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Whether personal data are shown' })
  readonly personalData!: PersonalDataState;
}

const ID = { name: 'id', description: 'The id of the request', schema: { type: 'string' } };

/** Requests of data subjects. Their list is the query `subject-requests`. */
@ApiTags('privacy')
@Controller('subject-requests')
export class SubjectRequestsController {
  constructor(
    @Inject(ManageSubjectRequests) readonly requests: ManageSubjectRequests,
    @Inject(MakePackage) private readonly packages: MakePackage,
    @Inject(SEALER) readonly sealer: Sealer,
    @Inject(OPENINGS) readonly openings: Openings,
  ) {}

  @Post()
  @Records('subject-request-received')
  @HttpCode(201)
  @Allow('erase')
  @ApiOperation({
    operationId: 'openSubjectRequest',
    summary: 'Record a request of a data subject',
    description:
      'Access, portability, erasure or restriction. It is to be answered within a month of its receipt; what is written about it is sealed under the person.',
  })
  @ApiDocument(NEW_SUBJECT_REQUEST)
  @ApiCreatedResponse({ type: SubjectRequestResource })
  @ApiProblems(400, 409, 415, 422, 503, 507)
  async open(@CurrentPrincipal() caller: Principal, @Body() body: unknown): Promise<SubjectRequestView> {
    return requestOf(await this.requests.open(body ?? {}, actorOf(caller)));
  }

  @Get(':id')
  @Allow('erase')
  @Opens()
  @ApiOperation({
    operationId: 'getSubjectRequest',
    summary: 'One request of a data subject, with what was written about it where a purpose is granted',
  })
  @ApiParam(ID)
  @ApiOkResponse({ type: ShownSubjectRequestResource })
  @ApiProblems(404)
  async show(@Param('id') id: string, @StatedOpening() opening: OpeningRequest): Promise<ShownSubjectRequest> {
    const request = await showSubjectRequest(id, opening, this);
    if (request === null) throw unknownRequest();
    return request;
  }

  @Post(':id/extension')
  @Records('subject-request-extended')
  @HttpCode(200)
  @Allow('erase')
  @ApiOperation({
    operationId: 'extendSubjectRequest',
    summary: 'Extend the time to answer a request by two months, once, with the reason',
  })
  @ApiParam(ID)
  @ApiDocument(REQUEST_EXTENSION)
  @ApiOkResponse({ type: SubjectRequestResource })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async extend(
    @CurrentPrincipal() caller: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<SubjectRequestView> {
    return requestOf(await this.requests.extend(id, body ?? {}, actorOf(caller)));
  }

  @Post(':id/package')
  @Records('personal-data-opened')
  @HttpCode(200)
  @Allow('erase')
  @ApiExtension('x-opens', true)
  @ApiOperation({
    operationId: 'packSubjectRequest',
    summary:
      'Make what the person is handed: for access everything that names them, for portability what they gave or did',
    description:
      'NDJSON: {file, text} are pieces of files, one file after the other; {done, total} counts events; the last line, {package}, has the digest of manifest.json, and without it the answer was cut. ' +
      'Needs the permission open for the purpose subject-request; the opening is on record before the first text is sent. 410 where the person was erased.',
  })
  @ApiParam(ID)
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' } } } })
  @ApiProblems(404, 409, 410, 503)
  async pack(@CurrentPrincipal() caller: Principal, @Param('id') id: string, @Res() reply: StreamReply): Promise<void> {
    const lines = linesOf(await this.packages.make(id, { principal: caller, requestId: randomUUID() }));
    reply.header('content-type', 'application/x-ndjson');
    reply.send(Readable.from(textOf(lines), { objectMode: false }));
  }

  @Post(':id/answer')
  @Records('subject-request-answered')
  @HttpCode(200)
  @Allow('erase')
  @ApiOperation({
    operationId: 'answerSubjectRequest',
    summary: 'Record how a request was answered, with the digest of what was handed over',
  })
  @ApiParam(ID)
  @ApiDocument(REQUEST_ANSWER)
  @ApiOkResponse({ type: SubjectRequestResource })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async answer(
    @CurrentPrincipal() caller: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<SubjectRequestView> {
    return requestOf(await this.requests.answer(id, body ?? {}, actorOf(caller)));
  }
}

/** What a streamed answer needs of Fastify's reply. */
interface StreamReply {
  header(name: string, value: string): StreamReply;
  send(body: unknown): unknown;
}

async function* textOf(lines: AsyncGenerator<PackageLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

function linesOf(verdict: PackageVerdict): AsyncGenerator<PackageLine> {
  switch (verdict.outcome) {
    case 'ready':
      return verdict.lines;
    case 'unknown':
      throw unknownRequest();
    case 'conflict':
      throw new Problem(409, { detail: verdict.detail });
    case 'closed':
      throw new Problem(403, { type: 'not-permitted', detail: `No package was made. ${verdict.hint}` });
    case 'erased':
      throw new Problem(410, {
        type: 'erased',
        detail: `The person was erased${verdict.erasedAt === null ? '' : ` on ${formatInstant(verdict.erasedAt)}`}: nothing can be opened any more. Answer the request with that date.`,
        extension: { erasedAt: verdict.erasedAt === null ? null : formatInstant(verdict.erasedAt) },
      });
    case 'behind':
      throw new Problem(503, {
        detail: 'The read models have not reached the head of the log, and a link may be missing. Try again.',
        headers: { 'retry-after': '5' },
      });
    case 'rebuilding':
      throw new Problem(503, {
        detail:
          'The read models are being rebuilt, and events of others that name the person cannot be found before that. Try again.',
        headers: { 'retry-after': '30' },
      });
  }
}

function requestOf(verdict: RequestVerdict): SubjectRequestView {
  switch (verdict.outcome) {
    case 'done':
      return verdict.request;
    case 'unknown':
      throw unknownRequest();
    case 'conflict':
      throw new Problem(409, { detail: verdict.detail });
    case 'invalid':
      throw new Problem(422, { type: 'invalid', detail: 'Nothing was recorded.', errors: verdict.errors });
  }
}

export const unknownRequest = (): Problem =>
  new Problem(404, { detail: 'No request has this id: GET /v1/query/subject-requests lists them.' });
