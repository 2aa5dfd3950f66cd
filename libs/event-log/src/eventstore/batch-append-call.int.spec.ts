import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Samples } from '../../conformance/fixture.js';
import type { FakeServer } from '../../../../test/services/eventstore/fake-server.js';
import type { AppendRequest } from './append-request.js';
import { BatchAppendCall } from './batch-append-call.js';
import { clientFor } from './connection-string.js';
import { CallEnded, Interrupted, NotSent, OutOfTime } from './failures.js';
import { sendable } from './stored-event.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const samples = new Samples();

const patience = (attemptMs: number, connection: AbortSignal) => ({
  ...{ attemptMs, connection, endingMs: 1_000 },
  ending: new AbortController().signal,
});

async function opened(server: FakeServer, attemptMs = 5_000) {
  const client = clientFor(server.connectionString);
  const connection = new AbortController();
  const open = async () => {
    const call = await BatchAppendCall.open(client, patience(attemptMs, connection.signal));
    if (call === null) throw new Error('The server has no BatchAppend.');
    return call;
  };
  return { call: await open(), open, connection };
}

const request = (stream: string, data = '{}'): AppendRequest => ({
  stream,
  expected: 'any',
  events: [sendable(samples.event({ data }))],
});

const stored = (server: FakeServer) => server.log.events.filter(({ stream }) => stream.startsWith('of.'));

describe('a BatchAppend call', () => {
  it('gives each append its own answer, whichever comes first, twice or late', async () => {
    const server = await on.server();
    const { call } = await opened(server);
    let delay = 0;
    server.faults.append = () => ((delay += 7) % 3 === 0 ? 'answer-twice' : { answerAfterMs: delay % 23 });
    const requests = Array.from({ length: 60 }, (_, i) => request(`of.${i % 9}`));
    const answers = await Promise.all(requests.map((one) => call.append(one)));
    const events = stored(server);
    expect(events.map(({ id }) => id)).toEqual(requests.map(({ events: [event] }) => event?.uuid));
    expect(answers).toEqual(
      events.map(({ position, revision }) => ({ position: Number(position), revision: Number(revision) })),
    );
    call.giveUp();
  });

  it('writes no more than it takes, keeps the order of what waits, and loses none of it', async () => {
    const server = await on.server();
    const { call } = await opened(server);
    const requests = Array.from({ length: 80 }, (_, i) => request(`of.${i % 3}`, `"${'x'.repeat(100_000)}"`));
    await Promise.all(requests.map((one) => call.append(one)));
    expect(stored(server).map(({ id }) => id)).toEqual(requests.map(({ events: [event] }) => event?.uuid));
    call.giveUp();
  });

  it('that breaks rejects what is in flight on it, and nothing of another', async () => {
    const server = await on.server();
    const { call, open } = await opened(server);
    const other = await open();
    server.faults.append = ({ stream }) => (stream === 'of.broken' ? 'break-before-commit' : { answerAfterMs: 150 });
    const kept = other.append(request('of.kept'));
    const lost = [call.append(request('of.lost')), call.append(request('of.broken')), call.append(request('of.lost'))];
    for (const one of await Promise.allSettled(lost))
      expect(one).toMatchObject({ status: 'rejected', reason: { type: 'unavailable' } });
    expect(call.isOver).toBe(true);
    await expect(call.append(request('of.late'))).rejects.toBeInstanceOf(NotSent);
    expect(await kept).toMatchObject({ revision: 0 });
    expect(other.isOver).toBe(false);
    other.giveUp();
  });

  it('that the server ends without an error is over, and what was in flight is of unknown outcome', async () => {
    const server = await on.server();
    const { call } = await opened(server);
    server.faults.append = () => 'end-silently';
    const lost = [call.append(request('of.a')), call.append(request('of.b'))];
    for (const one of await Promise.allSettled(lost))
      expect(one).toMatchObject({ status: 'rejected', reason: expect.any(CallEnded) });
    expect(call.isOver).toBe(true);
    // What came in behind the end was not taken up.
    expect(stored(server).map(({ stream }) => stream)).toEqual(['of.a']);
  });

  it('that says nothing any more is given up; one that leaves out a single answer goes on', async () => {
    const server = await on.server();
    const { call } = await opened(server, 300);
    server.faults.append = ({ stream }) => (stream === 'of.lost' ? 'swallow' : null);
    const lost = call.append(request('of.lost'));
    const outcome = expect(lost).rejects.toBeInstanceOf(OutOfTime);
    await sleep(100);
    await call.append(request('of.kept'));
    await outcome;
    expect(call.isOver).toBe(false);

    server.faults.append = () => 'swallow';
    const both = [call.append(request('of.lost')), call.append(request('of.lost'))];
    const settled = await Promise.allSettled(both);
    expect(settled[0]).toMatchObject({ reason: expect.any(OutOfTime) });
    expect(settled[1]).toMatchObject({ status: 'rejected' });
    expect(call.isOver).toBe(true);
  });

  it('is over when its connection is given up', async () => {
    const server = await on.server();
    const { call, connection } = await opened(server);
    server.faults.append = () => 'swallow';
    const lost = call.append(request('of.lost'));
    connection.abort();
    await expect(lost).rejects.toBeInstanceOf(Interrupted);
    expect(call.isOver).toBe(true);
  });

  it('is not to be had from a server without it', async () => {
    const server = await on.server({ batchAppend: false });
    await expect(opened(server)).rejects.toThrow('has no BatchAppend');
  });
});
