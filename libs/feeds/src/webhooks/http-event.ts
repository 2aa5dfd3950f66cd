import type { OutgoingMessage } from '#platform';

/** A message as it goes over HTTP: its headers and its body; none where it takes away what its key had. */
export interface HttpEvent {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** A CloudEvent in Kafka's binary mode as HTTP has it: `ce_id` is `ce-id`, and what a header cannot hold is escaped. */
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

/** As CloudEvents' HTTP binding says: a space, a quote, a percent sign, and whatever is not plain ASCII, as percent-encoded UTF-8. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\x21-\x7e]|["%]/gu, (character) =>
      [...Buffer.from(character, 'utf8')]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
