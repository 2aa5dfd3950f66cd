import type streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { EventStoreDBClient } from '@eventstore/db-client';

type StreamsClient = InstanceType<typeof streamsService.StreamsClient>;

/** What goes with a call: the metadata (who asks, whether the leader must answer) and gRPC's options. */
type CallArguments = Required<Parameters<StreamsClient['batchAppend']>>;

/**
 * What the client keeps for its own calls, and we use for calls that it does not offer: its channel, which it finds and
 * finds again, its credentials, and its list of streams to be cancelled when it is given up.
 */
export interface ClientInternals {
  /** Opens a stream on the current channel; one that fails because its connection is gone makes the client look for the server again. */
  GRPCStreamCreator<T>(
    client: typeof streamsService.StreamsClient,
    name: string,
    create: (client: StreamsClient) => T,
  ): () => Promise<T>;
  /** A call with one answer; the same of its failures. */
  execute<T>(
    client: typeof streamsService.StreamsClient,
    name: string,
    work: (client: StreamsClient) => Promise<T>,
  ): Promise<T>;
  /** @param more `deadline`: in milliseconds since 1970, or Infinity */
  callArguments(options: { readonly requiresLeader: boolean }, more: { readonly deadline: number }): CallArguments;
  /** Asks the server for its features, once for each channel. */
  supports(method: { readonly path: string }): Promise<boolean>;
}

export const internalsOf = (client: EventStoreDBClient): ClientInternals => client as unknown as ClientInternals;
