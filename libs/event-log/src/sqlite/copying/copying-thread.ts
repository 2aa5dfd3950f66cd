import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { failureOf, type Answer } from '#platform/threads';
import { EventLogError } from '../../port.js';
import type { CopyRequest } from './log-copier.js';
import { fileDigest, joinSegments, writeSegment } from './segment.js';
import { SharedProgress } from './shared-progress.js';

/** Copies a log in a thread of its own: an engine that is backed up goes on answering. */
if (parentPort !== null) serve(parentPort, new SharedProgress(workerData as SharedArrayBuffer));

function serve(port: MessagePort, progress: SharedProgress): void {
  port.postMessage([{ no: 0 }] satisfies Answer<unknown>[]);
  port.on('message', (request: CopyRequest) => {
    if (request.kind === 'close') {
      port.close();
      return;
    }
    port.postMessage([answerTo(request, progress)]);
  });
}

function answerTo(
  request: Exclude<CopyRequest, { readonly kind: 'close' }>,
  progress: SharedProgress,
): Answer<unknown> {
  const { no } = request;
  try {
    switch (request.kind) {
      case 'write':
        return { no, value: writeSegment(request.file, request.to, request.before, progress) };
      case 'join':
        return { no, value: joinSegments(request.segments, request.to, request.identity, progress) };
      case 'digest':
        return { no, value: fileDigest(request.file) };
    }
  } catch (error) {
    return { no, failure: failureOf(error, EventLogError) };
  }
}
