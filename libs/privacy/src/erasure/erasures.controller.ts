import { Body, Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#platform';
import { Allow, ApiProblems, CurrentPrincipal, Problem } from '#platform/nest';
import { fieldsOf, invalid, StoreProblems } from '#ingestion/nest';
import type { ErasureReceipt } from './erase-subjects.js';
import { EraseCustomer, type ErasureVerdict } from './erase-customer.js';
import type { ValidationIssue } from '#contracts';

export class NamedIdentifier {
  @ApiProperty({ example: 'email' })
  readonly namespace!: string;
  @ApiProperty({ example: 'ada@example.com' })
  readonly value!: string;
}

export class ErasureForm {
  @ApiProperty({ required: false, type: [NamedIdentifier] })
  readonly identifiers?: NamedIdentifier[];
  @ApiProperty({ required: false, example: 'email:ada@example.com', description: 'The same, for one: namespace:value' })
  readonly identifier?: string;
  @ApiProperty({ required: false, description: "The customer's id" })
  readonly customer?: string;
}

export class ErasureReceiptView implements ErasureReceipt {
  @ApiProperty()
  readonly erasureId!: string;
  @ApiProperty({ nullable: true, type: String })
  readonly customerId!: string | null;
  @ApiProperty({ description: 'Subjects that can never be opened again, nor come back' })
  readonly subjects!: number;
  @ApiProperty()
  readonly subjectKeysDestroyed!: number;
  @ApiProperty({ description: 'Keys of quarantined bodies that named one of them' })
  readonly bodyKeysDestroyed!: number;
  @ApiProperty({ description: 'Where the log says so' })
  readonly position!: number;
  @ApiProperty({ format: 'date-time' })
  readonly erasedAt!: string;
  @ApiProperty({ description: 'SHA-256 over the other fields as canonical JSON' })
  readonly receiptHash!: string;
}

const CUSTOMER = /^[0-9a-f]{32}$/;

/** Where a person is forgotten. */
@ApiTags('privacy')
@Controller('erasures')
@UseFilters(StoreProblems)
export class ErasuresController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    summary: 'Forget a person',
    description:
      'Destroys the keys of all their subjects and forbids new ones. The log, its order and its figures stay; nothing can open what was sealed. Twice is the same as once.',
  })
  @ApiBody({ type: ErasureForm })
  @ApiOkResponse({ type: ErasureReceiptView })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async erase(@CurrentPrincipal() caller: Principal, @Body() body?: unknown): Promise<ErasureReceipt> {
    const verdict = await this.commands.execute<EraseCustomer, ErasureVerdict>(
      new EraseCustomer(named(body), caller.id),
    );
    switch (verdict.outcome) {
      case 'erased':
        return verdict.receipt;
      case 'unknown-customer':
        throw new Problem(404, { detail: 'There is no such customer.' });
      case 'several-customers':
        throw new Problem(409, {
          detail: `These identifiers belong to ${verdict.customerIds.length} customers: erase each by itself.`,
          extension: { customerIds: verdict.customerIds },
        });
      case 'behind':
        throw new Problem(503, {
          detail: 'The read models have not yet seen all of the log, and a link may be missing. Try again.',
          headers: { 'retry-after': '5' },
        });
    }
  }
}

function named(body: unknown): EraseCustomer['person'] {
  const { identifiers = [], identifier, customer = null } = fieldsOf(body, ['identifiers', 'identifier', 'customer']);
  const errors: ValidationIssue[] = [];
  const all: NamedIdentifier[] = [];
  const list = Array.isArray(identifiers) ? (identifiers as unknown[]) : [identifiers];
  for (const [index, each] of list.entries()) {
    const { namespace, value } = (each ?? {}) as Readonly<Record<string, unknown>>;
    if (isName(namespace, 64) && isName(value, 512)) all.push({ namespace, value });
    else
      errors.push({
        pointer: `#/identifiers/${index}`,
        detail: 'is no identifier',
        hint: 'give a namespace and a value',
      });
  }
  if (identifier !== undefined) {
    const [, namespace, value] =
      typeof identifier === 'string' ? (/^([^:]{1,64}):(.{1,512})$/s.exec(identifier) ?? []) : [];
    if (namespace !== undefined && value !== undefined) all.push({ namespace, value });
    else
      errors.push({ pointer: '#/identifier', detail: 'is no identifier', hint: 'write it as email:ada@example.com' });
  }
  const isCustomer = typeof customer === 'string' && CUSTOMER.test(customer);
  if (customer !== null && !isCustomer)
    errors.push({ pointer: '#/customer', detail: "is no customer's id", hint: 'give 32 hex characters' });
  if (errors.length === 0 && all.length === 0 && customer === null)
    errors.push({ pointer: '#', detail: 'names nobody', hint: 'give identifiers, or the id of the customer' });
  if (all.length > 100) errors.push({ pointer: '#/identifiers', detail: 'are more than 100', hint: 'name one person' });
  if (errors.length > 0) throw invalid(errors, 'Nobody was erased.');
  return { identifiers: all, customerId: isCustomer ? customer : null };
}

const isName = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= max;
