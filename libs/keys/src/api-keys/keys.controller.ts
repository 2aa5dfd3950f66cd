import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#platform';
import { Act, Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem, Records } from '#platform/nest';
import { KeyAdministration, KeyRequestError } from './key-administration.js';
import { ApiKeyView, NewApiKeyView, PrincipalView } from './key-views.js';
import { NEW_API_KEY, NewApiKey } from './new-api-key.js';
import { ROTATION_REQUEST, RotationRequest } from './rotation-request.js';
import { keyView } from './shown-key.js';

const PRINCIPAL = { name: 'principal', example: 'key:5f0c3a9b1d2e' };
const ID = { name: 'id', example: '5f0c3a9b1d2e' };

/** Creates, lists, rotates and revokes API keys. */
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
  @Records('key-created')
  @Act('grant-administer', 'grant-open')
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

  @Get(':id')
  @ApiOperation({ operationId: 'getApiKey', summary: 'One API key: what it may do, until when, and when it was used' })
  @ApiParam(ID)
  @ApiOkResponse({ type: ApiKeyView })
  @ApiProblems(404)
  find(@Param('id') id: string): ApiKeyView {
    return keyView(settled(() => this.keys.find(id)));
  }

  @Post(':id/rotate')
  @Records('key-rotated')
  @Act('grant-administer', 'grant-open')
  @ApiOperation({
    operationId: 'rotateApiKey',
    summary: 'Create an API key in the place of another; the old one stays valid for a while',
    description: 'The new key has the same rights, and an expiry as far away. Only this answer shows it.',
  })
  @ApiParam(ID)
  @ApiDocument(ROTATION_REQUEST)
  @ApiCreatedResponse({ type: NewApiKeyView })
  @ApiProblems(404, 409)
  async rotate(
    @Param('id') id: string,
    @Body(new DocumentPipe(ROTATION_REQUEST, 'The API key cannot be rotated.')) request: RotationRequest,
    @CurrentPrincipal() caller: Principal,
  ): Promise<NewApiKeyView> {
    const { key, record } = await this.keys.rotate(id, request, caller).catch(asProblem);
    return { ...keyView(record), key };
  }

  @Delete(':id')
  @Records('key-revoked')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke an API key from now on' })
  @ApiParam(ID)
  @ApiOkResponse({ type: ApiKeyView })
  @ApiProblems(404)
  async revoke(@Param('id') id: string, @CurrentPrincipal() caller: Principal): Promise<ApiKeyView> {
    return keyView(await this.keys.revoke(id, caller).catch(asProblem));
  }
}

/** Locks principals out, and lets them act again. */
@ApiTags('access')
@Controller('principals')
@Allow('administer')
export class PrincipalsController {
  constructor(@Inject(KeyAdministration) private readonly keys: KeyAdministration) {}

  @Post(':principal/block')
  @Records('principal-blocked')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'blockPrincipal',
    summary: 'Lock a principal out from now on, whatever key or token it shows',
    description: 'A key is locked out together with the keys that it replaces and is replaced by.',
  })
  @ApiParam(PRINCIPAL)
  @ApiOkResponse({ type: PrincipalView })
  @ApiProblems(404)
  async block(@Param('principal') principal: string, @CurrentPrincipal() caller: Principal): Promise<PrincipalView> {
    await this.keys.block(principal, caller).catch(asProblem);
    return { principal, isBlocked: true };
  }

  @Delete(':principal/block')
  @Records('principal-unblocked')
  @Act('grant-administer', 'grant-open')
  @ApiOperation({ operationId: 'unblockPrincipal', summary: 'Let a principal act again' })
  @ApiParam(PRINCIPAL)
  @ApiOkResponse({ type: PrincipalView })
  @ApiProblems(404)
  async unblock(@Param('principal') principal: string, @CurrentPrincipal() caller: Principal): Promise<PrincipalView> {
    await this.keys.unblock(principal, caller).catch(asProblem);
    return { principal, isBlocked: false };
  }
}

function settled<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return asProblem(error);
  }
}

function asProblem(error: unknown): never {
  if (!(error instanceof KeyRequestError)) throw error;
  const { code, message, at } = error;
  if (code === 'unknown-key' || code === 'unknown-principal') throw new Problem(404, { detail: message });
  if (code === 'not-rotatable') throw new Problem(409, { type: code, detail: message });
  if (code === 'beyond-own-rights') throw new Problem(403, { type: code, detail: message });
  throw new Problem(422, {
    type: 'invalid',
    detail: 'The API key cannot be created.',
    ...(at === null ? {} : { errors: [{ ...at, detail: message }] }),
  });
}
