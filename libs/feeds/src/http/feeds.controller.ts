import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Default, Describe, documentReader, Matching, Whole } from '#contracts';
import { type Channels } from '#platform';
import { Allow, ApiDocument, ApiProblems, DocumentPipe, Problem, RecordsOperation } from '#platform/nest';
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

/** A replay of a feed. */
export class FeedReplay {
  @Matching('^[a-z0-9-]+$', 40, 'up to 40 lower-case letters, digits and hyphens')
  @Describe('Suffix of the topic: FEED.replay-NAME')
  readonly name!: string;

  @Whole(0, Number.MAX_SAFE_INTEGER)
  @Default(0)
  @Describe('Leaves out what rests only on the log before this position')
  readonly fromPosition!: number;
}

const FEED_REPLAY = documentReader(FeedReplay);

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
  @ApiOperation({ operationId: 'listFeeds', summary: 'The feeds, with the schema of each' })
  @ApiOkResponse({ type: [FeedView] })
  list(): FeedView[] {
    return FEEDS.map(({ name, type, meaning, schema }) => ({ name, type, meaning, schema }));
  }

  @Post(':feed/replays')
  @RecordsOperation('feed-replayed')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'replayFeed',
    summary: 'Publish a feed again, into a topic of its own',
    description:
      'The live topic is not touched, and messages have their original ids. The answer comes when all messages are published. A second replay with the same name adds them to the same topic again.',
  })
  @ApiDocument(FEED_REPLAY)
  @ApiOkResponse({ type: ReplayView })
  @ApiProblems(404, 409)
  async replay(
    @Param('feed') name: string,
    @Body(new DocumentPipe(FEED_REPLAY, 'The feed cannot be replayed.')) replay: FeedReplay,
  ): Promise<ReplayView> {
    const feed = FEEDS.find((each) => each.name === name);
    if (feed === undefined)
      throw new Problem(404, {
        detail: `There is no feed "${name}": give one of ${FEEDS.map((each) => each.name).join(', ')}.`,
      });
    if (this.channels === null) throw new Problem(409, { detail: 'No brokers are configured: set KAFKA_BROKERS.' });
    return replayFeed(this.database, this.channels, feed, replay);
  }
}
