import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ACTS_FOR_APPROVAL, type ActForApproval } from '#contracts';
import type { WaitingAct } from './approvals.js';

/** The answer where an act waits for another principal. */
export class WaitingActView implements WaitingAct {
  @ApiProperty({ example: '0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f' })
  readonly actId!: string;
  @ApiProperty({ enum: ACTS_FOR_APPROVAL })
  readonly act!: ActForApproval;
  @ApiProperty({ enum: ['waiting'] })
  readonly state!: 'waiting';
  @ApiProperty({ description: 'SHA-256 over what was requested' })
  readonly digest!: string;
  @ApiProperty({ format: 'date-time', description: 'From then on it cannot be approved' })
  readonly until!: string;
  @ApiProperty({
    required: false,
    description: 'The key that was asked for: valid once it is approved, shown only here',
  })
  readonly key?: string;
}

export const ACT = 'perennial:act';

/**
 * Marks a handler whose act a policy may put under four eyes: it then answers 202, with where the act waits. Whether it waits is decided by the use case,
 * which asks `Approvals.require`: so that no other entrance passes it by.
 */
export const Act = (...acts: readonly [ActForApproval, ...ActForApproval[]]): MethodDecorator =>
  applyDecorators(
    SetMetadata(ACT, acts),
    ApiExtension('x-act', acts.join(' or ')),
    ApiExtraModels(WaitingActView),
    ApiResponse({
      status: 202,
      description: 'The policy wants another principal to approve it: it waits at the location.',
      headers: { location: { description: 'Where the act is shown', schema: { type: 'string' } } },
      content: { 'application/json': { schema: { $ref: getSchemaPath(WaitingActView) } } },
    }),
  );
