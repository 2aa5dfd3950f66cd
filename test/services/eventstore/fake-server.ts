import { once } from 'node:events';
import {
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Cable } from './cable.js';
import { CommitQueue, type CommitPace } from './commit-queue.js';
import { NO_FAULTS, type AppendFault, type ServerFaults } from './faults.js';
import { ServerVersion } from './server-version.js';
import { StoredLog, type Appended, type Proposed, type Stored } from './stored-log.js';
import { Subscription } from './subscription.js';
import * as wire from './wire.js';

export interface FakeServerOptions {
  /** The database; two nodes of a cluster share one. */
  readonly log?: StoredLog;
  /** Whether ServerFeatures tells of BatchAppend: the client takes its path by that. */
  readonly batchAppend?: boolean;
  /** Each version has its own way to subscribe, and its own faults. Default 24.10.0. */
  readonly version?: string;
  /** Where the leader is, when it is not this node. */
  readonly leader?: () => { readonly host: string; readonly port: number };
  /** The user who may do anything, as `user:password`; every client when absent. */
  readonly credentials?: string;
  /** The largest event that it takes (MaxAppendEventSize, from 24.10 on); none unless given. */
  readonly eventBytesMax?: number;
  /** What the server answers TLS with. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** How appends are committed: so many together, after so long, in the order in which they came in. At once when absent. */
  readonly commits?: CommitPace;
}

/** The largest append that a server takes by default; from 25.1 on it is a chunk. */
const MAX_APPEND_BYTES = 1_048_576;
/** Calls that one connection may have under way: what the server's HTTP layer allows unless it is told otherwise. */
const CALLS_MAX = 100;
/** Events that the server looks at together for a subscription. */
const PAGE = 32;
const VERSION = '24.10.0';

/**
 * Stands in for an EventStoreDB server in tests: the client's own services, answered from memory, faithful in its
 * verdicts and able to fail on demand. It keeps nothing, replicates nothing and measures nothing.
 */
export class FakeServer {
  readonly log: StoredLog;
  /** What goes wrong: replaced by tests. */
  readonly faults: ServerFaults = { ...NO_FAULTS };
  /** How many calls of each kind came in. */
  readonly calls = { append: 0, batchAppend: 0, read: 0, subscription: 0, features: 0 };
  /** How many events were sent: by subscriptions, by other reads of $all, by reads of streams. */
  readonly sent = { subscription: 0, all: 0, stream: 0 };
  /** Where subscriptions to $all asked to begin, in the order in which they came; 0 for the start. */
  readonly subscribedFrom: number[] = [];
  #server: Server | null = null;
  #cable: Cable | null = null;
  readonly #stalled = new Set<() => void>();
  readonly #commits: CommitQueue;

  private constructor(private readonly options: FakeServerOptions) {
    this.log = options.log ?? new StoredLog();
    this.#commits = new CommitQueue(options.commits ?? null);
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeServer> {
    const fakeServer = new FakeServer(options);
    fakeServer.#cable = await Cable.to({ host: '127.0.0.1', port: await fakeServer.#serve() });
    return fakeServer;
  }

  get port(): number {
    return this.#cable?.port ?? 0;
  }

  get connectionString(): string {
    return `esdb://127.0.0.1:${this.port}?tls=${String(this.options.tls !== undefined)}`;
  }

  /** Cuts off every client: connections break, the port is closed. What was committed stays. */
  cutOff(): void {
    this.#cable?.cutOff();
  }

  /** Answers again, on the same port. */
  async restore(): Promise<void> {
    await this.#cable?.restore();
  }

  /** As a server whose process ended and was started again: connections break, and it remembers no event id. What was committed stays. */
  async restart(): Promise<void> {
    this.cutOff();
    this.log.forgetIds();
    await this.restore();
  }

  async #serve(): Promise<number> {
    const server = new Server({
      'grpc.max_receive_message_length': 17 * 1024 * 1024,
      'grpc.max_concurrent_streams': CALLS_MAX,
    });
    const { StreamsService } = streamsService;
    const read = { ...StreamsService.read, responseSerialize: wire.serializeReadAnswer };
    server.addService({ ...StreamsService, read } as typeof StreamsService, {
      append: this.#append,
      batchAppend: this.#batchAppend,
      read: this.#read,
      delete: this.#delete,
      tombstone: this.#tombstone,
    });
    server.addService(featuresService.ServerFeaturesService, { getSupportedMethods: this.#features });
    server.addService(gossipService.GossipService, { read: this.#gossip });
    const { tls } = this.options;
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }]);
    this.#server = server;
    return new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error))),
    );
  }

  async stop(): Promise<void> {
    this.faults.append = NO_FAULTS.append;
    this.faults.read = NO_FAULTS.read;
    for (const release of this.#stalled) release();
    this.cutOff();
    this.#server?.forceShutdown();
    this.#server = null;
  }

  /** Writes as another client does, past the wire: another tenant of the server, or a person with a tool. */
  writeForeign(stream: string, count: number, type = 'foreign'): void {
    for (let i = 0; i < count; i += 1)
      this.log.append(stream, 'any', [
        { id: crypto.randomUUID(), type, json: true, data: Buffer.from('{"not":"ours"}'), metadata: new Uint8Array() },
      ]);
  }

  // Each method of the services is a property, so that it can be handed to the server as it is.

  readonly #append = (
    call: ServerReadableStream<streams.AppendReq, streams.AppendResp>,
    answer: sendUnaryData<streams.AppendResp>,
  ): void => {
    this.calls.append += 1;
    let options: streams.AppendReq.Options | undefined;
    const events: Proposed[] = [];
    call.on('data', (request: streams.AppendReq) => {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message !== undefined) events.push(wire.proposedOf(message));
    });
    call.on('end', () => {
      // A call that was given up before its first message is no append.
      if (call.cancelled || options === undefined) return;
      const rejection = this.#rejectionOf(call.metadata) ?? this.#tooLargeEvent(events) ?? tooLargeOf(events);
      if (rejection !== null) return answer(rejection);
      const stream = wire.nameOf(options?.getStreamIdentifier());
      const expected = options === undefined ? 'any' : wire.expectedInAppend(options);
      const commit = () => this.log.append(stream, expected, events);
      // A call of its own has one answer; what comes after it goes nowhere.
      let answered = false;
      const tell = (appended: Appended) => {
        if (answered) return;
        answered = true;
        const response = wire.appendResponse(appended, expected);
        if (response === null) answer(wire.streamDeleted(stream));
        else answer(null, response);
      };
      this.#withFault(this.faults.append({ stream, ids: events.map(({ id }) => id) }), {
        commit,
        tell,
        gone: () => call.cancelled,
        breakOff: () => {
          if (!answered) answer(wire.unavailable());
        },
        notReady: () => answer(wire.notReady()),
        timeOut: () => answer(wire.timedOut()),
        fail: () => answer(wire.failure(status.UNKNOWN, 'Unexpected OperationResult: DiskFull')),
        // A unary answer cannot be left out with an OK: the nearest is an answer that says nothing.
        end: () => answer(null, new streams.AppendResp()),
      });
    });
  };

  readonly #batchAppend = (call: ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>): void => {
    const pending = new Map<
      string,
      { readonly options: streams.BatchAppendReq.Options; readonly events: Proposed[] }
    >();
    // Of a call that broke or ended, what is still on its way is not taken up.
    let over = false;
    call.on('data', (request: streams.BatchAppendReq) => {
      if (over) return;
      const correlationId = request.getCorrelationId();
      const key = correlationId?.getString() ?? '';
      const options = request.getOptions();
      const rejection = this.#rejectionOf(call.metadata);
      if (rejection !== null) {
        if (rejection.code === status.PERMISSION_DENIED)
          call.write(
            wire.batchResponse(correlationId, wire.nameOf(options?.getStreamIdentifier()), 'access-denied', 'any'),
          );
        else {
          over = true;
          call.emit('error', rejection);
        }
        return;
      }
      // The client names an instant by its own clock; whether that is past is judged by the server's.
      const deadline = options?.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY;
      if (deadline <= this.log.now) {
        const stream = wire.nameOf(options?.getStreamIdentifier());
        return void call.write(wire.batchResponse(correlationId, stream, 'timeout', 'any'));
      }
      if (options !== undefined) pending.set(key, { options, events: [] });
      const append = pending.get(key);
      if (append === undefined) return;
      for (const message of request.getProposedMessagesList()) append.events.push(wire.proposedOf(message));
      if (!request.getIsFinal()) return;
      pending.delete(key);
      this.calls.batchAppend += 1;
      const stream = wire.nameOf(append.options.getStreamIdentifier());
      const expected = wire.expectedInBatch(append.options);
      const say = (what: Parameters<typeof wire.batchResponse>[2]) => {
        if (!over && !call.cancelled && !call.destroyed)
          call.write(wire.batchResponse(correlationId, stream, what, expected));
      };
      if (this.#tooLargeEvent(append.events) !== null) return say('event-too-large');
      if (tooLargeOf(append.events) !== null) return say({ tooLarge: MAX_APPEND_BYTES });
      this.#withFault(this.faults.append({ stream, ids: append.events.map(({ id }) => id) }), {
        commit: () => this.log.append(stream, expected, append.events),
        tell: say,
        gone: () => over || call.cancelled,
        breakOff: () => {
          over = true;
          call.emit('error', wire.unavailable());
        },
        notReady: () => say('not-ready'),
        timeOut: () => say('timeout'),
        fail: () => say('unknown'),
        end: () => {
          over = true;
          call.end();
        },
      });
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  };

  #withFault(
    fault: AppendFault | null,
    append: {
      commit(): Appended;
      tell(appended: Appended): void;
      /** Whether the call is gone. */
      gone(): boolean;
      breakOff(): void;
      notReady(): void;
      timeOut(): void;
      fail(): void;
      end(): void;
    },
  ): void {
    const write = (work: () => void, slowMs?: number) => this.#commits.add(work, () => append.gone(), slowMs);
    switch (fault) {
      case null:
        return write(() => append.tell(append.commit()));
      case 'lose-acknowledgement':
        return write(() => append.commit());
      case 'swallow':
        return;
      case 'break-after-commit':
        return write(() => {
          append.commit();
          append.breakOff();
        });
      case 'break-after-answer':
        return write(() => {
          append.tell(append.commit());
          append.breakOff();
        });
      case 'break-before-commit':
        return write(() => append.breakOff());
      case 'answer-twice':
        return write(() => {
          const appended = append.commit();
          append.tell(appended);
          append.tell(appended);
        });
      case 'not-ready':
        return append.notReady();
      case 'time-out-then-commit':
        append.timeOut();
        return write(() => append.commit(), 30);
      case 'time-out':
        return append.timeOut();
      case 'unknown-error':
        return append.fail();
      case 'end-silently':
        return write(() => {
          append.commit();
          append.end();
        });
      default:
        if ('slowMs' in fault) return write(() => append.tell(append.commit()), fault.slowMs);
        return write(() => {
          const appended = append.commit();
          setTimeout(() => append.tell(appended), fault.answerAfterMs);
        });
    }
  }

  readonly #read = (call: ServerWritableStream<streams.ReadReq, wire.ReadAnswer>): void => {
    const options = call.request.getOptions() as streams.ReadReq.Options;
    const subscription = options.hasSubscription();
    if (subscription) this.calls.subscription += 1;
    else this.calls.read += 1;
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    call.on('close', () => gone.abort());
    call.on('error', () => gone.abort());
    const rejection = this.#rejectionOf(call.metadata);
    if (rejection !== null) return void call.emit('error', rejection);
    const fault = this.faults.read({
      of: options.hasAll() ? '$all' : wire.nameOf(options.getStream()?.getStreamIdentifier()),
      subscription,
    });
    if (fault?.then === 'reject')
      return void call.emit('error', wire.failure(status.UNKNOWN, 'Unexpected ReadAllResult: Error'));
    const of = options.hasAll() ? '$all' : wire.nameOf(options.getStream()?.getStreamIdentifier());
    const kind = subscription ? 'subscription' : options.hasAll() ? 'all' : 'stream';
    const sending = new Sending(call, gone.signal, fault, this.#stalled, () => {
      this.sent[kind] += 1;
    });
    const reading = subscription
      ? this.#subscribe(sending, options)
      : options.hasAll()
        ? this.#readAll(sending, options)
        : this.#readStream(sending, options, of);
    reading.catch((error: unknown) => {
      if (!(error instanceof Over)) call.emit('error', error as Error);
    });
  };

  async #readStream(sending: Sending, options: streams.ReadReq.Options, stream: string): Promise<void> {
    const events = this.log.read(stream);
    if (events === 'deleted') throw wire.streamDeleted(stream);
    if (events === null) {
      await sending.send(wire.notFoundResponse(stream));
      return sending.end();
    }
    const from = options.getStream();
    const backwards = options.getReadDirection() === 1;
    const revision = from?.hasRevision() === true ? BigInt(from.getRevision()) : from?.hasEnd() === true ? null : 0n;
    let left = BigInt(options.getCount());
    const ordered = backwards ? [...events].reverse() : events;
    for (const event of ordered) {
      if (revision !== null && (backwards ? event.revision > revision : event.revision < revision)) continue;
      if (left <= 0n) break;
      left -= 1n;
      await sending.event(event);
    }
    sending.end();
  }

  async #readAll(sending: Sending, options: streams.ReadReq.Options): Promise<void> {
    const all = options.getAll();
    const backwards = options.getReadDirection() === 1;
    const at = all?.getPosition()?.getCommitPosition();
    const { events } = this.log;
    if (all?.hasPosition() === true && !this.log.isBoundary(BigInt(at ?? 0)))
      throw wire.failure(status.UNKNOWN, 'Unexpected ReadAllResult: InvalidPosition');
    // Forward includes the position, backward excludes it.
    let index =
      at !== undefined && all?.hasPosition() === true
        ? this.log.indexAt(BigInt(at)) - (backwards ? 1 : 0)
        : (all?.hasEnd() ?? false)
          ? events.length - (backwards ? 1 : 0)
          : 0;
    const prefixes = options.getFilter()?.getStreamIdentifier()?.getPrefixList() ?? [''];
    for (let left = BigInt(options.getCount()); left > 0n; index += backwards ? -1 : 1) {
      const event = events[index];
      if (event === undefined) break;
      if (!prefixes.some((prefix) => event.stream.startsWith(prefix))) continue;
      await sending.event(event);
      left -= 1n;
    }
    sending.end();
  }

  /** Confirmation, what is there, then what comes: exclusive of where it starts. */
  async #subscribe(sending: Sending, options: streams.ReadReq.Options): Promise<void> {
    const all = options.getAll();
    const stream = options.hasAll() ? null : wire.nameOf(options.getStream()?.getStreamIdentifier());
    const at = all?.hasPosition() === true ? BigInt(all.getPosition()?.getCommitPosition() ?? 0) : null;
    // Of a place whose second number is lower, the record at the first one lies behind it.
    const before = at !== null && BigInt(all?.getPosition()?.getPreparePosition() ?? 0) < at;
    const after = before ? at - 1n : at;
    const filter = options.getFilter();
    const prefixes = filter?.getStreamIdentifier()?.getPrefixList() ?? null;
    if (stream === null) this.subscribedFrom.push(Number(at ?? 0));
    if (at !== null && !this.log.isBoundary(at))
      throw wire.failure(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.');
    await sending.send(wire.confirmationResponse(crypto.randomUUID()));
    await new Subscription(this.log, sending, {
      passes: (event) =>
        stream === null
          ? prefixes === null || prefixes.some((prefix) => event.stream.startsWith(prefix))
          : event.stream === stream,
      after: all?.hasEnd() === true ? this.log.end : after,
      window: filter?.hasMax() === true ? filter.getMax() : PAGE,
      checkpointEvery: prefixes === null ? null : (filter?.getCheckpointintervalmultiplier() ?? 1),
      version: new ServerVersion(this.options.version ?? VERSION),
      more: this.faults.checkpoints,
    }).run();
  }

  readonly #delete = (
    call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>,
    answer: sendUnaryData<streams.DeleteResp>,
  ): void => {
    const options = call.request.getOptions() as streams.DeleteReq.Options;
    const stream = wire.nameOf(options.getStreamIdentifier());
    const expected = wire.expectedInAppend(options);
    const rejection =
      this.#rejectionOf(call.metadata) ?? wire.notDeleted(stream, expected, this.log.delete(stream, expected));
    if (rejection === null) answer(null, new streams.DeleteResp());
    else answer(rejection);
  };

  readonly #tombstone = (
    call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>,
    answer: sendUnaryData<streams.TombstoneResp>,
  ): void => {
    const options = call.request.getOptions() as streams.TombstoneReq.Options;
    const stream = wire.nameOf(options.getStreamIdentifier());
    const expected = wire.expectedInAppend(options);
    const rejection =
      this.#rejectionOf(call.metadata) ?? wire.notDeleted(stream, expected, this.log.tombstone(stream, expected));
    if (rejection === null) answer(null, new streams.TombstoneResp());
    else answer(rejection);
  };

  readonly #features = (
    _call: ServerUnaryCall<shared.Empty, features.SupportedMethods>,
    answer: sendUnaryData<features.SupportedMethods>,
  ): void => {
    this.calls.features += 1;
    const service = 'event_store.client.streams.streams';
    const methods = [
      'append',
      'read',
      'delete',
      'tombstone',
      ...(this.options.batchAppend === false ? [] : ['batchappend']),
    ];
    const supported = new features.SupportedMethods();
    supported.setEventStoreServerVersion(this.options.version ?? VERSION);
    supported.setMethodsList(
      methods.map((name) => {
        const method = new features.SupportedMethod();
        method.setServiceName(service);
        method.setMethodName(name);
        return method;
      }),
    );
    answer(null, supported);
  };

  readonly #gossip = (
    _call: ServerUnaryCall<shared.Empty, gossip.ClusterInfo>,
    answer: sendUnaryData<gossip.ClusterInfo>,
  ): void => {
    const leader = this.options.leader?.() ?? { host: '127.0.0.1', port: this.port };
    const members = [member(leader, gossip.MemberInfo.VNodeState.LEADER)];
    if (leader.port !== this.port)
      members.push(member({ host: '127.0.0.1', port: this.port }, gossip.MemberInfo.VNodeState.FOLLOWER));
    const info = new gossip.ClusterInfo();
    info.setMembersList(members);
    answer(null, info);
  };

  #tooLargeEvent(events: readonly Proposed[]) {
    const max = this.options.eventBytesMax ?? Number.POSITIVE_INFINITY;
    return events.some((event) => sizeOf(event) > max) ? wire.eventTooLarge(max) : null;
  }

  #rejectionOf(metadata: Metadata) {
    const { credentials, leader } = this.options;
    if (credentials !== undefined) {
      const given = metadata.get('authorization')[0]?.toString() ?? '';
      // A client without credentials is anonymous and may do nothing here; one with wrong credentials is rejected.
      if (given === '') return wire.accessDenied();
      if (given !== `Basic ${Buffer.from(credentials).toString('base64')}`) return wire.unauthenticated();
    }
    if (leader !== undefined && metadata.get('requires-leader')[0] === 'true' && leader().port !== this.port)
      return wire.notLeader(leader());
    return null;
  }
}

/** A client that is gone, or whose call was left open: nothing more is sent. */
class Over extends Error {}

/** One answer in many messages, at the pace of who reads it, until its fault strikes. */
class Sending {
  #sent = 0;

  constructor(
    private readonly call: ServerWritableStream<streams.ReadReq, wire.ReadAnswer>,
    readonly gone: AbortSignal,
    private readonly fault: ReturnType<ServerFaults['read']>,
    private readonly stalled: Set<() => void>,
    private readonly onEvent: () => void,
  ) {}

  async event(event: Stored): Promise<void> {
    if (this.fault !== null && this.#sent >= this.fault.after) await this.#strike(this.fault.then);
    this.#sent += 1;
    this.onEvent();
    await this.send(wire.eventResponse(event));
  }

  async send(response: wire.ReadAnswer): Promise<void> {
    if (this.gone.aborted) throw new Over();
    if (!this.call.write(response)) await once(this.call, 'drain', { signal: this.gone }).catch(() => undefined);
    if (this.gone.aborted) throw new Over();
  }

  end(): void {
    this.call.end();
  }

  async #strike(then: NonNullable<ReturnType<ServerFaults['read']>>['then']): Promise<never> {
    if (then === 'break') throw wire.unavailable();
    if (then === 'end') this.call.end();
    else
      await new Promise<void>((resolve) => {
        this.stalled.add(resolve);
        this.gone.addEventListener('abort', () => resolve());
      });
    throw new Over();
  }
}

function tooLargeOf(events: readonly Proposed[]) {
  const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
  return bytes > MAX_APPEND_BYTES ? wire.tooLarge(MAX_APPEND_BYTES) : null;
}

/** As the server counts it (Event.SizeOnDisk). */
function sizeOf({ type, data, metadata }: Proposed): number {
  return type.length * 2 + data.length + metadata.length;
}

function member(
  { host, port }: { readonly host: string; readonly port: number },
  state: 3 | 4 | number,
): gossip.MemberInfo {
  const endPoint = new gossip.EndPoint();
  endPoint.setAddress(host);
  endPoint.setPort(port);
  const info = new gossip.MemberInfo();
  const id = new shared.UUID();
  id.setString(crypto.randomUUID());
  info.setInstanceId(id);
  info.setTimeStamp('0');
  info.setState(state);
  info.setIsAlive(true);
  info.setHttpEndPoint(endPoint);
  return info;
}
