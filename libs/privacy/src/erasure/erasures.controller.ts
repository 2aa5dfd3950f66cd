import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#platform';
import {
  Act,
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  Problem,
  Records,
  RecordsNothing,
} from '#platform/nest';
import { EVENT_LOG, type EventLog } from '#event-log';
import { Ingestion } from '#ingestion';
import { EraseCustomer, type ErasureVerdict } from './erase-customer.js';
import { ERASURE_REQUEST, personOf, type ErasureRequest } from './erasure-request.js';
import {
  checkReceipt,
  RECEIPT_DOCUMENT,
  RECEIPT_VERDICTS,
  type ErasureReceipt,
  type ReceiptDocument,
  type ReceiptVerdict,
} from './erasure-receipt.js';
import { personProblem } from './person-problem.js';

export class ErasureReceiptView implements ErasureReceipt {
  @ApiProperty()
  readonly erasureId!: string;
  @ApiProperty({ nullable: true, type: String })
  readonly customerId!: string | null;
  @ApiProperty({ description: 'Subjects whose data can never be opened again, and that can have no new key' })
  readonly subjects!: number;
  @ApiProperty()
  readonly subjectKeysDestroyed!: number;
  @ApiProperty({
    description:
      'Keys of quarantined bodies in which the person was found, and of requests about the person that waited for an approval, destroyed by this call',
  })
  readonly bodyKeysDestroyed!: number;
  @ApiProperty({
    description:
      'Quarantined bodies that also name a person whose data a legal hold keeps. Each is destroyed at the end of that hold',
  })
  readonly bodiesHeld!: number;
  @ApiProperty({ description: 'Whether all quarantined bodies were searched for identifiers of the person' })
  readonly bodiesSearched!: boolean;
  @ApiProperty({
    description:
      'Quarantined bodies that cannot be searched to their end, such as encoded files. They may hold the person; each is destroyed 30 days after it was received',
  })
  readonly bodiesNotSearchable!: number;
  @ApiProperty({
    description:
      'Events of the person with text that was stored in the clear before its field became personal. It stays in this log; `perennial move` seals it in a new one',
  })
  readonly eventsWithClearText!: number;
  @ApiProperty({ description: 'Position of the erasure in the log' })
  readonly position!: number;
  @ApiProperty({ format: 'date-time' })
  readonly erasedAt!: string;
  @ApiProperty({
    description:
      'HMAC-SHA-256 over the other fields under the key of the engine, in hexadecimal digits: POST /v1/erasures/receipts/check tells whether a receipt was altered',
  })
  readonly receiptMac!: string;
}

export class ReceiptCheckView {
  @ApiProperty({ enum: Object.keys(RECEIPT_VERDICTS) })
  readonly verdict!: ReceiptVerdict;
  @ApiProperty({ description: 'The verdict in a sentence' })
  readonly detail!: string;
}

/** Where a person is erased. */
@ApiTags('privacy')
@Controller('erasures')
export class ErasuresController {
  constructor(
    private readonly commands: CommandBus,
    @Inject(EVENT_LOG) private readonly log: EventLog,
    private readonly ingestion: Ingestion,
  ) {}

  @Post('receipts/check')
  @RecordsNothing('it compares, and changes nothing')
  @HttpCode(200)
  @Allow(['erase', 'audit'])
  @ApiOperation({
    operationId: 'checkErasureReceipt',
    summary: 'Check the receipt of an erasure',
    description:
      'Whether this engine made the receipt, no field of it was altered, and the log records the erasure. Send the receipt as it was answered.',
  })
  @ApiDocument(RECEIPT_DOCUMENT)
  @ApiOkResponse({ type: ReceiptCheckView })
  @ApiProblems(400, 415, 422, 503)
  async check(
    @Body(new DocumentPipe(RECEIPT_DOCUMENT, 'The receipt cannot be checked.')) receipt: ReceiptDocument,
  ): Promise<ReceiptCheckView> {
    const verdict = await checkReceipt({ ...receipt }, { sealer: this.ingestion.sealer, log: this.log });
    return { verdict, detail: RECEIPT_VERDICTS[verdict] };
  }

  @Post()
  @Records('person-erased')
  @HttpCode(200)
  @Allow('erase')
  @Act('erase')
  @ApiOperation({
    operationId: 'erase',
    summary: 'Erase a person',
    description:
      'Destroys the keys of all their subjects and forbids new ones. The log, its order and its figures stay; nothing can open what was sealed. Twice is the same as once. While a legal hold keeps the person the answer is 409 with the case, and the erasure is executed when the last hold is lifted.',
  })
  @ApiDocument(ERASURE_REQUEST)
  @ApiOkResponse({ type: ErasureReceiptView })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async erase(
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(ERASURE_REQUEST, 'No person was erased.')) request: ErasureRequest,
  ): Promise<ErasureReceipt> {
    const verdict = await this.commands.execute<EraseCustomer, ErasureVerdict>(
      new EraseCustomer(personOf(request), caller),
    );
    switch (verdict.outcome) {
      case 'erased':
        return verdict.receipt;
      case 'held':
        throw new Problem(409, {
          type: 'held',
          detail:
            `A legal hold keeps the data of this person (case ${verdict.cases.join(', ')}). The request is recorded, and is executed when the last ` +
            'hold is lifted.',
          extension: { cases: verdict.cases, erasureId: verdict.erasureId },
        });
      default:
        throw personProblem(verdict, 'erase each one by itself');
    }
  }
}
