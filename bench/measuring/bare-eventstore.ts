import { EventStoreDBClient } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { CallOptions, Metadata } from '@grpc/grpc-js';
import { eventUuid, type AppendItem } from '#event-log';

type Stub = InstanceType<typeof streamsService.StreamsClient>;

/** What the client keeps for its own calls: the stub on its channel, and who asks. */
interface Internals {
  getGRPCClient(client: typeof streamsService.StreamsClient, name: string): Promise<Stub>;
  callArguments(
    options: { readonly requiresLeader: boolean },
    more: { readonly deadline: number },
  ): [Metadata, CallOptions];
}

/** Events that go to one stream in one append. */
export interface Group {
  readonly stream: string;
  readonly events: readonly BareEvent[];
}

interface BareEvent {
  readonly uuid: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** A place in $all. */
export interface Place {
  readonly commit: string;
  readonly prepare: string;
}

/** As large as our adapter stores it, with the same UUID. */
export function bareEvent({ event }: AppendItem): BareEvent {
  const { source, id, type, schemaVersion, occurredAt, contentHash, meta, data } = event;
  const ours = { source, id, schemaVersion, occurredAt, contentHash: Buffer.from(contentHash).toString('base64') };
  return {
    uuid: eventUuid(event),
    type,
    data: Buffer.from(data),
    metadata: Buffer.from(`{"perennial":${JSON.stringify(ours)},"meta":${meta}}`),
  };
}

/** Neighbours of one stream make one append, as many as our adapter puts into one. */
export function neighbours(items: readonly AppendItem[], prefix: string, most = 500): Group[] {
  const groups: { stream: string; events: BareEvent[] }[] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last !== undefined && last.stream === `${prefix}${item.stream}` && last.events.length < most)
      last.events.push(bareEvent(item));
    else groups.push({ stream: `${prefix}${item.stream}`, events: [bareEvent(item)] });
  }
  return groups;
}

/** The server and nothing but the stubs that were generated from its protocol: no queue, no lookup, no retry. */
export class BareServer {
  private constructor(
    private readonly stub: Stub,
    private readonly withCall: () => [Metadata, CallOptions],
    private readonly client: EventStoreDBClient,
  ) {}

  static async connect(url: string): Promise<BareServer> {
    const client = EventStoreDBClient.connectionString(
      url.replace(/#.*$/s, '').replace(/^(?:kurrentdb|kurrent|kdb)(?=[+:])/, 'esdb'),
    );
    const internals = client as unknown as Internals;
    const stub = await internals.getGRPCClient(streamsService.StreamsClient, 'bench');
    const withCall = () => internals.callArguments({ requiresLeader: true }, { deadline: Infinity });
    return new BareServer(stub, withCall, client);
  }

  async close(): Promise<void> {
    await this.client.dispose();
    this.stub.close();
  }

  /** Appends everything over one BatchAppend call, in order, so many appends in flight. Returns the milliseconds that it took. */
  async append(groups: readonly Group[], inFlight: number): Promise<number> {
    const begun = performance.now();
    const call = this.stub.batchAppend(...this.withCall());
    let next = 0;
    let open = 0;
    await new Promise<void>((resolve, reject) => {
      const send = () => {
        for (; open < inFlight && next < groups.length; next += 1, open += 1)
          call.write(request(groups[next] as Group));
        if (open === 0) resolve();
      };
      call.on('error', reject);
      call.on('data', (answer: streams.BatchAppendResp) => {
        if (answer.hasError())
          return reject(new Error(`The server rejected an append: ${answer.getError()?.getMessage() ?? ''}`));
        open -= 1;
        send();
      });
      send();
    });
    const ms = performance.now() - begun;
    call.on('error', () => undefined);
    call.end();
    call.cancel();
    return ms;
  }

  /** Reads $all forwards from a place, without a filter, and parses nothing. */
  async readAll(from: Place): Promise<{ readonly events: number; readonly ms: number }> {
    const all = new streams.ReadReq.Options.AllOptions();
    const position = new streams.ReadReq.Options.Position();
    position.setCommitPosition(from.commit);
    position.setPreparePosition(from.prepare);
    all.setPosition(position);
    const begun = performance.now();
    const events = await this.#read((options) => options.setAll(all));
    return { events: events.length, ms: performance.now() - begun };
  }

  /** The last event of the server. */
  async end(): Promise<Place> {
    const all = new streams.ReadReq.Options.AllOptions();
    all.setEnd(new shared.Empty());
    const [last] = await this.#read((options) => {
      options.setAll(all);
      options.setReadDirection(1);
      options.setCount('1');
    });
    const event = last?.getEvent()?.getEvent();
    return { commit: event?.getCommitPosition() ?? '0', prepare: event?.getPreparePosition() ?? '0' };
  }

  /** Reads streams, so many at the same time: whole ones, or the last events of each. */
  async readStreams(
    names: readonly string[],
    inFlight: number,
    last?: number,
  ): Promise<{ readonly events: number; readonly ms: number }> {
    const begun = performance.now();
    const left = [...names];
    let events = 0;
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        for (let name = left.pop(); name !== undefined; name = left.pop()) {
          const of = new streams.ReadReq.Options.StreamOptions();
          of.setStreamIdentifier(identifier(name));
          if (last === undefined) of.setStart(new shared.Empty());
          else of.setEnd(new shared.Empty());
          const read = await this.#read((options) => {
            options.setStream(of);
            if (last === undefined) return;
            options.setReadDirection(1);
            options.setCount(String(last));
          });
          events += read.length;
        }
      }),
    );
    return { events, ms: performance.now() - begun };
  }

  async #read(what: (options: streams.ReadReq.Options) => void): Promise<streams.ReadResp[]> {
    const options = new streams.ReadReq.Options();
    options.setReadDirection(0);
    options.setCount(String(Number.MAX_SAFE_INTEGER));
    options.setNoFilter(new shared.Empty());
    const uuids = new streams.ReadReq.Options.UUIDOption();
    uuids.setString(new shared.Empty());
    options.setUuidOption(uuids);
    what(options);
    const request = new streams.ReadReq();
    request.setOptions(options);
    const call = this.stub.read(request, ...this.withCall());
    const events: streams.ReadResp[] = [];
    await new Promise<void>((resolve, reject) => {
      call.on('data', (answer: streams.ReadResp) => {
        if (answer.hasEvent()) events.push(answer);
      });
      call.on('error', reject);
      call.on('end', () => resolve());
    });
    return events;
  }
}

function identifier(stream: string): shared.StreamIdentifier {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(stream)));
  return identifier;
}

function request({ stream, events }: Group): streams.BatchAppendReq {
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(identifier(stream));
  options.setAny(new shared.Empty() as never);
  const request = new streams.BatchAppendReq();
  const correlation = new shared.UUID();
  correlation.setString(crypto.randomUUID());
  request.setCorrelationId(correlation);
  request.setOptions(options);
  for (const { uuid, type, data, metadata } of events) {
    const message = new streams.BatchAppendReq.ProposedMessage();
    const id = new shared.UUID();
    id.setString(uuid);
    message.setId(id);
    message.getMetadataMap().set('type', type).set('content-type', 'application/json');
    message.setData(data);
    message.setCustomMetadata(metadata);
    request.addProposedMessages(message);
  }
  request.setIsFinal(true);
  return request;
}
