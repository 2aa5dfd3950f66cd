import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { type Channels } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { DATABASE, type Database } from '#database';
import { FEEDS } from '../registry.js';
import { replayFeed, type Replayed } from '../relay/replay-feed.js';

/** The Kafka brokers; null where the config names none. */
export const CHANNELS = Symbol.for('perennial.channels');

export class FeedView {
  @ApiProperty({ description: 'its topic' })
  readonly name!: string;
  @ApiProperty({ description: 'the type of its CloudEvents' })
  readonly type!: string;
  @ApiProperty()
  readonly meaning!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'JSON Schema of the data' })
  readonly schema!: object;
}

export class ReplayRequest {
  @ApiProperty({ pattern: '^[a-z0-9-]{1,40}$', description: 'suffix of the topic: FEED.replay-NAME' })
  readonly name!: string;
  @ApiProperty({
    required: false,
    description: 'leaves out what rests only on the log before this position; 0 by default',
  })
  readonly fromPosition?: number;
}

export class ReplayView implements Replayed {
  @ApiProperty()
  readonly topic!: string;
  @ApiProperty()
  readonly messages!: number;
}

/** The feeds that the engine publishes, and their replay. */
@ApiTags('feeds')
@Controller('feeds')
@Allow('operate')
export class FeedsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CHANNELS) private readonly channels: Channels | null,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The feeds, with the schema of each' })
  @ApiOkResponse({ type: [FeedView] })
  list(): FeedView[] {
    return FEEDS.map(({ name, type, meaning, schema }) => ({ name, type, meaning, schema }));
  }

  @Post(':feed/replays')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Publish a feed again, into a topic of its own',
    description:
      'The live topic is not touched, and messages have their original ids. The answer comes when all messages are published. A second replay with the same name adds them to the same topic again.',
  })
  @ApiBody({ type: ReplayRequest })
  @ApiOkResponse({ type: ReplayView })
  @ApiProblems(400, 404, 409)
  async replay(@Param('feed') name: string, @Body() body: unknown): Promise<ReplayView> {
    const feed = FEEDS.find((each) => each.name === name);
    if (feed === undefined)
      throw new Problem(404, {
        detail: `There is no such feed; there are: ${FEEDS.map((each) => each.name).join(', ')}.`,
      });
    if (this.channels === null) throw new Problem(409, { detail: 'No brokers are configured: set KAFKA_BROKERS.' });
    return replayFeed(this.database, this.channels, feed, asked(body));
  }
}

function asked(body: unknown): { name: string; fromPosition: number } {
  const { name, fromPosition = 0 } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,40}$/.test(name))
    throw new Problem(400, { detail: 'Give the replay a name of small letters, digits and hyphens.' });
  if (typeof fromPosition !== 'number' || !Number.isSafeInteger(fromPosition) || fromPosition < 0)
    throw new Problem(400, { detail: 'fromPosition is a position of the log: a whole number from 0.' });
  return { name, fromPosition };
}
