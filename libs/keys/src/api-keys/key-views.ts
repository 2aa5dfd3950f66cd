import { ApiProperty } from '@nestjs/swagger';
import { PERMISSIONS, ROLE_NAMES, type GivenRates, type GivenScopes, type Permission, type Role } from '#platform';
import type { ShownKey } from './shown-key.js';

const TEXTS = { type: 'array', items: { type: 'string' } } as const;
const RATE = { type: 'integer', nullable: true } as const;
const INSTANT = { format: 'date-time', nullable: true, type: String };

/** A key as it may be shown. */
export class ApiKeyView implements ShownKey {
  @ApiProperty({ example: '5f0c3a9b1d2e' })
  readonly id!: string;
  @ApiProperty({ example: 'web shop' })
  readonly name!: string;
  @ApiProperty({ enum: ROLE_NAMES, nullable: true, type: String })
  readonly role!: Role | null;
  @ApiProperty({ enum: PERMISSIONS, isArray: true, description: 'All that the key may do: by its role, and beside it' })
  readonly permissions!: readonly Permission[];
  @ApiProperty({
    type: 'object',
    properties: { sources: TEXTS, types: TEXTS, brand: TEXTS, purposes: TEXTS },
    additionalProperties: false,
    description: 'What narrows the permissions; a scope that is absent allows everything',
  })
  readonly scopes!: GivenScopes;
  @ApiProperty({
    type: 'object',
    properties: { events: RATE, rejected: RATE, requests: RATE, opened: RATE },
    additionalProperties: false,
    description:
      'What it may do in a minute, in each process: a rate that is absent is that of its role; null is no limit',
  })
  readonly rate!: GivenRates;
  @ApiProperty({
    required: false,
    type: String,
    description: 'The purpose for which it opens personal data where a request states none',
  })
  readonly standingPurpose?: string;
  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;
  @ApiProperty({ ...INSTANT, description: 'From then on the key is rejected; null: never' })
  readonly expiresAt!: string | null;
  @ApiProperty({ nullable: true, type: String, description: 'The id of the key that this one replaces' })
  readonly replaces!: string | null;
  @ApiProperty({ ...INSTANT, description: 'When the key was last used, exact to a minute or two' })
  readonly lastUsedAt!: string | null;
  @ApiProperty(INSTANT)
  readonly revokedAt!: string | null;
  @ApiProperty({ ...INSTANT, description: 'Since when its principal is blocked; null: it is not' })
  readonly blockedAt!: string | null;
}

/** A new key: only this answer shows it. */
export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ example: 'pk_5f0c3a9b1d2e_…', description: 'Shown once: store it now.' })
  readonly key!: string;
}

/** Whether a principal may act at all. */
export class PrincipalView {
  @ApiProperty({ example: 'key:5f0c3a9b1d2e' })
  readonly principal!: string;
  @ApiProperty()
  readonly isBlocked!: boolean;
}
