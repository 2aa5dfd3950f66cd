import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/index.js';
import type { EventStoreDBClient, ResolvedEvent } from '@eventstore/db-client';
import { internalsOf } from './client-internals.js';
import { drained, type Call } from './call.js';
import type { Connection } from './connection.js';
import { positionOf } from './stored-event.js';

/** Events that the server looks at in one go; by itself it takes 32, which is slow where millions are others'. */
const SEARCH_WINDOW = 4_096;
const PAGE_SIZE = 1_000;

export interface Place {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/**
 * A part of $all: the events whose stream begins so, upwards from a place (with what stands there) or downwards (without). The
 * server looks for them, so that nothing of what others wrote is sent: says nothing for as long as it finds none. The client
 * reads $all filtered only as a subscription, and forwards.
 */
export async function filteredAll(
  client: EventStoreDBClient,
  {
    prefix,
    direction,
    from,
    maxCount,
  }: {
    readonly prefix: string;
    readonly direction: 'upwards' | 'downwards';
    /** Null for the beginning. */
    readonly from: Place | null;
    readonly maxCount: number;
  },
  call: Call,
): Promise<ResolvedEvent[]> {
  const internals = internalsOf(client);
  const request = new streams.ReadReq();
  const options = new streams.ReadReq.Options();
  const all = new streams.ReadReq.Options.AllOptions();
  if (from === null) all.setStart(new shared.Empty());
  else {
    const position = new streams.ReadReq.Options.Position();
    position.setCommitPosition(from.commit.toString());
    position.setPreparePosition(from.prepare.toString());
    all.setPosition(position);
  }
  options.setAll(all);
  const { BACKWARDS, FORWARDS } = streams.ReadReq.Options.ReadDirection;
  options.setReadDirection(direction === 'downwards' ? BACKWARDS : FORWARDS);
  options.setCount(String(maxCount));
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  expression.setPrefixList([prefix]);
  const filter = new streams.ReadReq.Options.FilterOptions();
  filter.setStreamIdentifier(expression);
  filter.setMax(SEARCH_WINDOW);
  filter.setCheckpointintervalmultiplier(1);
  options.setFilter(filter);
  const uuids = new streams.ReadReq.Options.UUIDOption();
  uuids.setString(new shared.Empty());
  options.setUuidOption(uuids);
  request.setOptions(options);
  const stream = await internals.GRPCStreamCreator(streamsService.StreamsClient, 'readAll', (grpc) =>
    grpc.read(request, ...internals.callArguments({ requiresLeader: true }, { deadline: Infinity })),
  )();
  const answers = (await drained(stream, call)) as unknown as streams.ReadResp[];
  return answers.flatMap((answer) => {
    const event = answer.getEvent();
    return event === undefined ? [] : [convertGrpcEvent(event) as ResolvedEvent];
  });
}

/** The newest events below a place whose stream begins so, newest first. */
export function newestBelow(
  client: EventStoreDBClient,
  prefix: string,
  below: Place,
  maxCount: number,
  call: Call,
): Promise<ResolvedEvent[]> {
  return filteredAll(client, { prefix, direction: 'downwards', from: below, maxCount }, call);
}

/** The events above a position whose stream begins so, in their order, up to the end of the log. */
export async function* oursBehind(
  connection: Connection,
  prefix: string,
  after: number,
): AsyncIterable<{ readonly uuid: string; readonly position: number }> {
  for (let last = after; ;) {
    const from = last === 0 ? null : { commit: BigInt(last), prepare: BigInt(last) };
    const page = await connection.reading(
      (client, call) => filteredAll(client, { prefix, direction: 'upwards', from, maxCount: PAGE_SIZE }, call),
      connection.timeouts.callMs,
    );
    for (const { event } of page) {
      if (event === undefined) continue;
      const position = positionOf(event);
      if (position <= last) continue;
      last = position;
      yield { uuid: event.id, position };
    }
    if (page.length < PAGE_SIZE) return;
  }
}
