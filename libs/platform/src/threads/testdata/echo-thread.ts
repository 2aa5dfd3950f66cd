/** Answers what it is asked: a text comes back, `fail` fails, `die` throws outside of any request, `exit` ends it. */
import { parentPort, workerData } from 'node:worker_threads';

type Request = { readonly no: number; readonly text: string } | 'exit';

const port = parentPort;
if (port === null) throw new Error('This file is the body of a worker thread.');
const { opens } = workerData as { readonly opens: boolean };
port.postMessage([opens ? { no: 0 } : { no: 0, failure: { code: 'closed', message: 'It does not open.' } }]);
if (!opens) port.close();

port.on('message', (request: Request) => {
  if (request === 'exit') port.close();
  else if (request.text === 'die')
    setImmediate(() => {
      throw new Error('It dies.');
    });
  else if (request.text === 'fail')
    port.postMessage([{ no: request.no, failure: { code: 'bad', message: 'It fails.' } }]);
  else if (request.text !== 'silence') port.postMessage([{ no: request.no, value: request.text }]);
});
