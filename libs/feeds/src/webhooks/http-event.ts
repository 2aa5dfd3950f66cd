import type { OutgoingMessage } from '#platform';

/** A message as it is sent over HTTP; the body is null where the message deletes its key. */
export interface HttpEvent {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Turns a CloudEvent from Kafka's binary mode into HTTP's: `ce_id` becomes `ce-id`, and characters that a header cannot hold are escaped. */
export function httpEvent({ headers, value }: OutgoingMessage): HttpEvent {
  const translated = Object.entries(headers).map(
    ([name, text]) => [name.replace(/^ce_/, 'ce-'), escaped(String(text))] as const,
  );
  return {
    id: String(headers['ce_id']),
    headers: Object.fromEntries(translated),
    body: value === null ? null : String(value),
  };
}

/** As the HTTP binding of CloudEvents says: space, quote, percent sign and everything outside printable ASCII as percent-encoded UTF-8. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\x21-\x7e]|["%]/gu, (character) =>
      [...Buffer.from(character, 'utf8')]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
