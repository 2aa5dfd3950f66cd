import { StoreWatch } from '#platform';

/** Says on the terminal what a command waits for, and gives up waiting when the command is to end. */
export function announcingWatch(announce: (line: string) => void, signal: AbortSignal): StoreWatch {
  const watch = new StoreWatch({
    logger: {
      warn: (facts, message) => {
        const { cause } = facts as { readonly cause?: string };
        announce(cause === undefined ? message : `${message.replace(/\.$/, '')}: ${cause}`);
      },
      info: (_, message) => announce(message),
    },
  });
  if (signal.aborted) watch.end();
  else signal.addEventListener('abort', () => watch.end(), { once: true });
  return watch;
}
