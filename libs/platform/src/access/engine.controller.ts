import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '../problems/problem.js';
import { ApiProblems } from '../problems/api-problems.js';
import { Allow } from './allow.js';
import { RunningEngine } from './running-engine.js';

const ID = { type: 'string', pattern: '^[0-9a-f]{32}$' };
const ENGINE = {
  type: 'object',
  required: ['nonce', 'folder', 'log'],
  properties: {
    nonce: { ...ID, description: 'The same as in engine.json of the data folder' },
    folder: {
      type: 'object',
      required: ['path', 'device', 'inode'],
      properties: { path: { type: 'string' }, device: { type: 'integer' }, inode: { type: 'integer' } },
    },
    log: {
      type: ['object', 'null'],
      description: 'Which event log, and which copy of it',
      properties: { logId: ID, copyId: ID },
    },
  },
};

/** Which engine this is: the command line asks before it sends anything. */
@ApiTags('operating')
@Controller('engine')
export class EngineController {
  constructor(private readonly engine: RunningEngine) {}

  @Get()
  @Allow('operate')
  @ApiOperation({
    operationId: 'describeEngine',
    summary: 'The data folder and the event log of this engine',
    description:
      'The command line compares it with the data folder that it was given: a copy of the folder does not reach the engine of the original.',
  })
  @ApiOkResponse({ schema: ENGINE })
  @ApiProblems(409)
  async describe(): Promise<object> {
    const own = this.engine.folder;
    if (own === null)
      throw new Problem(409, {
        type: 'no-data-folder',
        detail: 'This process owns no data folder, or another folder was put in its place.',
      });
    return { nonce: own.nonce, folder: own.folder, log: (await this.engine.logIdentity?.()) ?? null };
  }
}
