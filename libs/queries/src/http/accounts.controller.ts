import { Controller, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { account } from '../queries/account.js';
import { accountHistory } from '../queries/account-history.js';
import { accountMembers } from '../queries/account-members.js';
import { accounts } from '../queries/accounts.js';
import { QueryResponse, type QueryReply } from './query-response.js';
import { QueryRoute, type QueryAddress } from './query-route.js';

/** The queries about accounts as resources. */
@ApiTags('accounts')
@Controller('accounts')
export class AccountsController {
  constructor(@Inject(QueryResponse) private readonly response: QueryResponse) {}

  @QueryRoute(accounts, { path: '', operationId: 'listAccounts' })
  accounts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(accounts, reply);
  }

  @QueryRoute(account, ofAccount(':account', 'getAccount'))
  account(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(account, reply);
  }

  @QueryRoute(accountHistory, ofAccount(':account/history', 'getAccountHistory'))
  history(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(accountHistory, reply);
  }

  @QueryRoute(accountMembers, ofAccount(':account/members', 'listAccountMembers'))
  members(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(accountMembers, reply);
  }
}

/** The account stands in the path, so the query string names none. */
function ofAccount(path: string, operationId: string): QueryAddress {
  return { path, operationId, without: ['source', 'reference'] };
}
