import { Controller, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { subjectRequests } from '../queries/subject-requests.js';
import { QueryResponse, type QueryReply } from './query-response.js';
import { QueryRoute } from './query-route.js';

/** The list of requests of data subjects, beside the routes of each of them in the lib data-subjects. */
@ApiTags('privacy')
@Controller('subject-requests')
export class SubjectRequestListController {
  constructor(@Inject(QueryResponse) private readonly response: QueryResponse) {}

  @QueryRoute(subjectRequests, { path: '', operationId: 'listSubjectRequests' })
  list(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(subjectRequests, reply);
  }
}
