import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiTags,
  ApiCreatedResponse,
} from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.js';
import { Problem } from '../problems/problem.js';
import { ACCESS } from '../tokens.js';
import { Access } from './access.js';
import { Allow } from './allow.js';
import type { ApiKeyRecord } from '#keys';
import { PERMISSIONS, type Permission } from './permissions.js';
import type { ValidationIssue } from '#contracts';

/** A key as it may be shown. */
export class ApiKeyView {
  @ApiProperty({ example: '5f0c3a9b1d2e' })
  readonly id!: string;
  @ApiProperty({ example: 'web shop' })
  readonly name!: string;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  readonly permissions!: readonly Permission[];
  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;
  @ApiProperty({ format: 'date-time', nullable: true, type: String })
  readonly revokedAt!: string | null;
}

/** A key just made: the only time that it is shown. */
export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ example: 'pk_5f0c3a9b1d2e_…', description: 'Shown once: keep it.' })
  readonly key!: string;
}

export class NewApiKey {
  @ApiProperty({ example: 'web shop', minLength: 1, maxLength: 100 })
  readonly name!: string;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  readonly permissions!: readonly Permission[];
}

/** Who may do what: keys are made, listed and revoked here. */
@ApiTags('access')
@Controller('v1/keys')
@Allow('operate')
export class KeysController {
  constructor(@Inject(ACCESS) private readonly access: Access) {}

  @Get()
  @ApiOperation({ summary: 'All keys, revoked ones too' })
  @ApiOkResponse({ type: [ApiKeyView] })
  list(): ApiKeyView[] {
    return this.access.apiKeys.list().map(view);
  }

  @Post()
  @ApiOperation({ summary: 'Make a key; the answer is the only time that it is shown' })
  @ApiBody({ type: NewApiKey })
  @ApiCreatedResponse({ type: NewApiKeyView })
  @ApiProblems(400, 415, 422)
  async create(@Body() body: unknown): Promise<NewApiKeyView> {
    const { name, permissions } = readNewKey(body);
    const { key, record, kept } = this.access.apiKeys.create(name, permissions);
    await kept;
    return { ...view(record), key };
  }

  @Delete(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke a key from now on' })
  @ApiParam({ name: 'id', example: '5f0c3a9b1d2e' })
  @ApiOkResponse({ type: ApiKeyView })
  @ApiProblems(404)
  async revoke(@Param('id') id: string): Promise<ApiKeyView> {
    const record = await this.access.apiKeys.revoke(id);
    if (record === null) throw new Problem(404, { detail: 'There is no key of this id.' });
    return view(record);
  }
}

const view = (record: ApiKeyRecord): ApiKeyView => ({
  ...record,
  createdAt: new Date(record.createdAt).toISOString(),
  revokedAt: record.revokedAt === null ? null : new Date(record.revokedAt).toISOString(),
});

function readNewKey(body: unknown): NewApiKey {
  const { name, permissions } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const errors: ValidationIssue[] = [];
  if (typeof name !== 'string' || name.trim() === '' || name.length > 100)
    errors.push({ pointer: '/name', detail: 'is not a name', hint: 'give a text of 1 to 100 characters' });
  const known = (each: unknown): boolean => PERMISSIONS.some((permission) => permission === each);
  if (!Array.isArray(permissions) || permissions.length === 0 || !permissions.every(known))
    errors.push({
      pointer: '/permissions',
      detail: 'is not a list of permissions',
      hint: `give one or more of: ${PERMISSIONS.join(', ')}`,
    });
  if (errors.length > 0) throw new Problem(422, { detail: 'The key cannot be made from this.', errors });
  return { name: name as string, permissions: permissions as Permission[] };
}
