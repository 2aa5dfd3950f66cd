import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { documentReader, SegmentForm } from '#contracts';
import { actorOf, type Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem, Records } from '#platform/nest';
import { DefineSegment, RemoveSegment, type SegmentOnRecord, type SegmentVerdict } from '../segments/define-segment.js';

const SEGMENT = documentReader(SegmentForm);
const NOT_DEFINED = 'The segment cannot be defined.';
const NOT_REMOVED = 'The segment cannot be removed.';

export class SegmentOnRecordView implements SegmentOnRecord {
  @ApiProperty({ example: 'lapsed-big-spenders' })
  readonly segmentId!: string;
  @ApiProperty({ example: 2 })
  readonly version!: number;
  @ApiProperty({ description: 'Position in the log' })
  readonly position!: number;
  @ApiProperty({ description: 'False where this very definition stood already, or the segment was removed before' })
  readonly changed!: boolean;
}

/** Where the business defines its segments. */
@ApiTags('segments')
@Controller('segments')
export class SegmentsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Records('segment-defined')
  @HttpCode(200)
  @Allow('curate')
  @ApiOperation({
    operationId: 'defineSegment',
    summary: 'Define a segment, or define it again',
    description:
      'Another definition under the same id is its next version. All customers are looked at again; who enters and who leaves is published. The same definition again changes nothing.',
  })
  @ApiDocument(SEGMENT)
  @ApiOkResponse({ type: SegmentOnRecordView })
  @ApiProblems(400, 415, 422, 503, 507)
  async define(
    @Body(new DocumentPipe(SEGMENT, NOT_DEFINED)) document: SegmentForm,
    @CurrentPrincipal() caller: Principal,
  ): Promise<SegmentOnRecordView> {
    const verdict = await this.commands.execute<DefineSegment, SegmentVerdict>(
      new DefineSegment(document, actorOf(caller)),
    );
    if (!verdict.ok) throw new Problem(422, { type: 'invalid', detail: NOT_DEFINED, errors: verdict.errors });
    return onRecord(verdict);
  }

  @Delete(':id')
  @Records('segment-removed')
  @Allow('curate')
  @ApiOperation({
    operationId: 'removeSegment',
    summary: 'Remove a segment: its members leave it',
    description: 'A segment that others name is not removed. It can be defined again, as its next version.',
  })
  @ApiParam({ name: 'id', example: 'lapsed-big-spenders' })
  @ApiOkResponse({ type: SegmentOnRecordView })
  @ApiProblems(404, 422, 503, 507)
  async remove(@Param('id') id: string, @CurrentPrincipal() caller: Principal): Promise<SegmentOnRecordView> {
    const verdict = await this.commands.execute<RemoveSegment, SegmentVerdict>(new RemoveSegment(id, actorOf(caller)));
    if (verdict.ok) return onRecord(verdict);
    if (verdict.missing)
      throw new Problem(404, { detail: 'There is no segment of this id. GET /v1/query/segments lists all of them.' });
    throw new Problem(422, { type: 'invalid', detail: NOT_REMOVED, errors: verdict.errors });
  }
}

const onRecord = ({ segmentId, version, position, changed }: SegmentOnRecord): SegmentOnRecordView => ({
  ...{ segmentId, version, position, changed },
});
