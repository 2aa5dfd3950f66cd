import { Controller, Get, Inject, Req, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config, type RequestHead } from '#platform';
import { ApiProblems, Public } from '#platform/nest';
import { noSignIn } from './auth.controller.js';

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const METADATA = {
  type: 'object',
  required: ['resource', 'authorization_servers', 'bearer_methods_supported', 'scopes_supported'],
  properties: {
    resource: TEXT,
    authorization_servers: TEXTS,
    bearer_methods_supported: TEXTS,
    scopes_supported: TEXTS,
    perennial_cli_client: { ...TEXT, nullable: true, description: 'the client that `perennial login` uses' },
  },
};

/** Where tokens for the engine come from (RFC 9728): `perennial login` begins here. */
@ApiTags('access')
@Controller({ path: '.well-known/oauth-protected-resource', version: VERSION_NEUTRAL })
export class ResourceController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get()
  @Public()
  @ApiOperation({
    operationId: 'describeResource',
    summary: 'Which identity provider issues access tokens for the engine',
  })
  @ApiOkResponse({ schema: METADATA })
  @ApiProblems(404)
  describe(@Req() { headers }: Pick<RequestHead, 'headers'>): object {
    const { oidcIssuer, publicUrl, oidcScopes, oidcCliClientId } = this.config;
    if (oidcIssuer === null) throw noSignIn();
    return {
      resource: publicUrl ?? `http://${String(headers['host'] ?? '')}`,
      authorization_servers: [oidcIssuer],
      bearer_methods_supported: ['header'],
      scopes_supported: oidcScopes,
      perennial_cli_client: oidcCliClientId,
    };
  }
}
