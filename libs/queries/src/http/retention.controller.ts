import { Controller, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { retentionCounts } from '../queries/retention-counts.js';
import { retentionPreview } from '../queries/retention-preview.js';
import { QueryResponse, type QueryReply } from './query-response.js';
import { QueryRoute } from './query-route.js';

/** What the rules of retention will erase, or would. */
@ApiTags('privacy')
@Controller('retention')
export class RetentionController {
  constructor(@Inject(QueryResponse) private readonly response: QueryResponse) {}

  @QueryRoute(retentionPreview, { path: 'preview', operationId: 'previewRetention' })
  preview(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(retentionPreview, reply);
  }

  @QueryRoute(retentionCounts, { path: 'counts', operationId: 'countRetention' })
  counts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(retentionCounts, reply);
  }
}
