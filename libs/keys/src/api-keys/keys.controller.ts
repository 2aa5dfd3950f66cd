import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags, ApiCreatedResponse } from '@nestjs/swagger';
import type { Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem } from '#platform/nest';
import { KeyAdministration, KeyRequestError } from './key-administration.js';
import { ApiKeyView, NewApiKeyView } from './key-views.js';
import { NEW_API_KEY, NewApiKey } from './new-api-key.js';
import { keyView } from './shown-key.js';

const ID = { name: 'id', example: '5f0c3a9b1d2e' };

/** Creates, lists and revokes API keys. */
@ApiTags('access')
@Controller('keys')
@Allow('administer')
export class KeysController {
  constructor(@Inject(KeyAdministration) private readonly keys: KeyAdministration) {}

  @Get()
  @ApiOperation({ summary: 'List all API keys, revoked and expired ones too' })
  @ApiOkResponse({ type: [ApiKeyView] })
  list(): ApiKeyView[] {
    return this.keys.list().map(keyView);
  }

  @Post()
  @ApiOperation({
    summary: 'Create an API key; only this answer shows it',
    description:
      'A principal grants no more than it holds, except the roles of the table with the permission `administer`.',
  })
  @ApiDocument(NEW_API_KEY)
  @ApiCreatedResponse({ type: NewApiKeyView })
  async create(
    @Body(new DocumentPipe(NEW_API_KEY, 'The API key cannot be created.')) request: NewApiKey,
    @CurrentPrincipal() caller: Principal,
  ): Promise<NewApiKeyView> {
    const { key, record } = await this.keys.create(request, caller).catch(asProblem);
    return { ...keyView(record), key };
  }

  @Delete(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke an API key from now on' })
  @ApiParam(ID)
  @ApiOkResponse({ type: ApiKeyView })
  @ApiProblems(404)
  async revoke(@Param('id') id: string, @CurrentPrincipal() caller: Principal): Promise<ApiKeyView> {
    return keyView(await this.keys.revoke(id, caller).catch(asProblem));
  }
}

function asProblem(error: unknown): never {
  if (!(error instanceof KeyRequestError)) throw error;
  const { code, message, at } = error;
  if (code === 'unknown-key') throw new Problem(404, { detail: message });
  if (code === 'beyond-own-rights') throw new Problem(403, { type: code, detail: message });
  throw new Problem(422, {
    type: 'invalid',
    detail: 'The API key cannot be created.',
    ...(at === null ? {} : { errors: [{ ...at, detail: message }] }),
  });
}
