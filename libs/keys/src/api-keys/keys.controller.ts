import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags, ApiCreatedResponse } from '@nestjs/swagger';
import { PERMISSIONS, type Permission } from '#platform';
import { Allow, ApiDocument, ApiProblems, DocumentPipe, Problem } from '#platform/nest';
import { ApiKeys, type ApiKeyRecord } from './api-keys.js';
import { NEW_API_KEY, NewApiKey } from './new-api-key.js';

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
  @ApiDocument(NEW_API_KEY)
  @ApiCreatedResponse({ type: NewApiKeyView })
  async create(
    @Body(new DocumentPipe(NEW_API_KEY, 'The API key cannot be created.')) { name, permissions }: NewApiKey,
  ): Promise<NewApiKeyView> {
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
