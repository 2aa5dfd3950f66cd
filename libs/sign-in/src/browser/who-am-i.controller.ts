import { Controller, Get, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal, RequestHead } from '#platform';
import { AllowAny, CurrentPrincipal } from '#platform/nest';
import { SignedInPeople } from '../signed-in-people.js';
import { SELF, selfOf } from './self.js';

/** Who the caller is, in every application that lets callers in. */
@ApiTags('access')
@Controller({ path: 'auth', version: VERSION_NEUTRAL })
export class WhoAmIController {
  constructor(private readonly people: SignedInPeople) {}

  @Get('me')
  @AllowAny()
  @ApiOperation({ operationId: 'whoAmI', summary: 'Who the caller is, and what they may do' })
  @ApiOkResponse({ schema: SELF as object })
  async me(
    @Req() request: Pick<RequestHead, 'headers'>,
    @CurrentPrincipal() caller: Principal,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): unknown },
  ): Promise<object> {
    reply.header('cache-control', 'no-store');
    return selfOf(caller, await this.people.sessionOf(request));
  }
}
