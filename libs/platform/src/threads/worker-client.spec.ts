import { afterEach, describe, expect, it } from '@jest/globals';
import { failureOf } from './answer.js';
import { threadFile, WorkerClient } from './worker-client.js';

type Request = { readonly no: number; readonly text: string } | 'exit';

class CodedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

let client: WorkerClient<Request, string> | null = null;
let messages = 0;

function start(opens = true): WorkerClient<Request, string> {
  messages = 0;
  client = new WorkerClient<Request, string>({
    file: new URL('./testdata/echo-thread.ts', import.meta.url),
    workerData: { opens },
    errorOf: ({ code, message }) => new CodedError(code ?? '', message),
    ended: (cause) => new CodedError('ended', 'The thread ended.', { cause }),
    answered: () => void (messages += 1),
  });
  return client;
}
const ask = async (text: string) => client?.ask((no) => ({ no, text }));

afterEach(() => client?.terminate());

describe('the client of a worker thread', () => {
  it('waits until the thread is ready, and gives each request its own answer', async () => {
    await start().ready();
    expect(await Promise.all(['a', 'b', 'c'].map(ask))).toEqual(['a', 'b', 'c']);
    expect(messages).toBe(4);
  });

  it('says why a thread cannot work', async () => {
    await expect(start(false).ready()).rejects.toMatchObject({ code: 'closed', message: 'It does not open.' });
  });

  it('fails the request that failed, with its code, and no other', async () => {
    await start().ready();
    const [bad, good] = await Promise.allSettled([ask('fail'), ask('good')]);
    expect(bad).toMatchObject({ reason: { code: 'bad', message: 'It fails.' } });
    expect(good).toMatchObject({ value: 'good' });
  });

  it('fails what is open when the thread dies, with the cause, and all that comes later', async () => {
    const started = start();
    await started.ready();
    const open = ask('silence');
    const dead = ask('die');
    await expect(open).rejects.toMatchObject({ code: 'ended', cause: { message: 'It dies.' } });
    await expect(dead).rejects.toMatchObject({ code: 'ended' });
    await expect(ask('late')).rejects.toMatchObject({ code: 'ended' });
    expect(started.hasEnded).toBe(true);
    await started.close('exit');
  });

  it('closes after everything asked before is answered, and twice is the same as once', async () => {
    const started = start();
    await started.ready();
    const last = ask('last');
    await started.close('exit');
    expect(await last).toBe('last');
    await started.close('exit');
    await expect(ask('late')).rejects.toMatchObject({ code: 'ended' });
  });
});

describe('an error that crosses threads', () => {
  it('keeps its code where both sides know its class, and its stack where they do not', () => {
    expect(failureOf(new CodedError('full', 'No room.'), CodedError)).toEqual({ code: 'full', message: 'No room.' });
    expect(failureOf(new TypeError('odd'), CodedError)).toEqual({
      code: null,
      message: expect.stringMatching(/^TypeError: odd\n/),
    });
    expect(failureOf('text', CodedError)).toEqual({ code: null, message: 'text' });
  });
});

describe('the file of a thread', () => {
  it('is source beside source, and compiled beside compiled', () => {
    expect(threadFile('file:///libs/a/b.ts', 'c-thread').href).toBe('file:///libs/a/c-thread.ts');
    expect(threadFile('file:///dist/libs/a/b.js', 'c-thread').href).toBe('file:///dist/libs/a/c-thread.js');
  });
});
