import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/index.js';
import type { EventStoreDBClient, ResolvedEvent } from '@eventstore/db-client';
import { drained, type Call } from './connection.js';

/** Events that the server looks at in one go; by itself it takes 32, which is slow where millions are others'. */
const SEARCH_WINDOW = 4_096;

/** What the client keeps for its own readings: it can read $all filtered only as a subscription, and forwards. */
interface Internals {
  GRPCStreamCreator(
    client: typeof streamsService.StreamsClient,
    name: string,
    create: (client: InstanceType<typeof streamsService.StreamsClient>) => unknown,
  ): () => Promise<unknown>;
  callArguments(
    options: { readonly requiresLeader: boolean },
    more: { readonly deadline: number },
  ): Parameters<InstanceType<typeof streamsService.StreamsClient>['read']> extends [unknown, ...infer Rest]
    ? Rest
    : never;
}

/**
 * The newest events below a place whose stream begins so, newest first. The server looks for them, so that nothing of what
 * others wrote is sent: says nothing for as long as it finds none.
 */
export async function newestBelow(
  client: EventStoreDBClient,
  prefix: string,
  below: { readonly commit: bigint; readonly prepare: bigint },
  maxCount: number,
  call: Call,
): Promise<ResolvedEvent[]> {
  const internals = client as unknown as Internals;
  const request = new streams.ReadReq();
  const options = new streams.ReadReq.Options();
  const position = new streams.ReadReq.Options.Position();
  position.setCommitPosition(below.commit.toString());
  position.setPreparePosition(below.prepare.toString());
  const all = new streams.ReadReq.Options.AllOptions();
  all.setPosition(position);
  options.setAll(all);
  options.setReadDirection(streams.ReadReq.Options.ReadDirection.BACKWARDS);
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
