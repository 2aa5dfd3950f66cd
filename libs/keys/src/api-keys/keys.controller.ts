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
import type { ValidationIssue } from '#contracts';
import { formerPermission, PERMISSIONS, type Permission } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { ApiKeys, type ApiKeyRecord } from './api-keys.js';

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

/** A new key: only this answer shows it. */
export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ example: 'pk_5f0c3a9b1d2e_…', description: 'Shown once: store it now.' })
  readonly key!: string;
}

export class NewApiKey {
  @ApiProperty({ example: 'web shop', minLength: 1, maxLength: 100 })
  readonly name!: string;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  readonly permissions!: readonly Permission[];
}

/** Creates, lists and revokes API keys. */
@ApiTags('access')
@Controller('keys')
@Allow('operate')
export class KeysController {
  constructor(@Inject(ApiKeys) private readonly apiKeys: ApiKeys) {}

  @Get()
  @ApiOperation({ summary: 'List all API keys, revoked ones too' })
  @ApiOkResponse({ type: [ApiKeyView] })
  list(): ApiKeyView[] {
    return this.apiKeys.list().map(view);
  }

  @Post()
  @ApiOperation({ summary: 'Create an API key; only this answer shows it' })
  @ApiBody({ type: NewApiKey })
  @ApiCreatedResponse({ type: NewApiKeyView })
  @ApiProblems(400, 415, 422)
  async create(@Body() body: unknown): Promise<NewApiKeyView> {
    const { name, permissions } = readNewKey(body);
    const { key, record, stored } = this.apiKeys.create(name, permissions);
    await stored;
    return { ...view(record), key };
  }

  @Delete(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke an API key from now on' })
  @ApiParam({ name: 'id', example: '5f0c3a9b1d2e' })
  @ApiOkResponse({ type: ApiKeyView })
  @ApiProblems(404)
  async revoke(@Param('id') id: string): Promise<ApiKeyView> {
    const record = await this.apiKeys.revoke(id);
    if (record === null) throw new Problem(404, { detail: `No API key has the id "${id}".` });
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
    errors.push({ pointer: '#/name', detail: 'is not a valid name', hint: 'give a text of 1 to 100 characters' });
  const listed: readonly unknown[] = Array.isArray(permissions) ? permissions : [];
  if (listed.length === 0)
    errors.push({
      pointer: '#/permissions',
      detail: 'is not a list of permissions',
      hint: `give one or more of: ${PERMISSIONS.join(', ')}`,
    });
  listed.forEach((each, index) => {
    if (PERMISSIONS.some((permission) => permission === each)) return;
    const renamed = formerPermission(each);
    errors.push({
      pointer: `#/permissions/${index}`,
      detail: renamed === null ? 'is not a permission' : 'is the former name of a permission',
      hint: renamed === null ? `give one of: ${PERMISSIONS.join(', ')}` : `write ${renamed}`,
    });
  });
  if (errors.length > 0) throw new Problem(422, { detail: 'The API key cannot be created.', errors });
  return { name: name as string, permissions: permissions as Permission[] };
}
