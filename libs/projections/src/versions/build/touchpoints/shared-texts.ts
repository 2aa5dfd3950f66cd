import type { TouchpointMeta } from '#contracts';

/** Sources and types are few; above this many texts, each is kept as it comes. */
const TEXTS_MAX = 10_000;

/** Ingestion writes the channel first. */
const CHANNEL = /^\{"channel":"[^"\\]*"/;

/** One string for all equal texts: a store returns a new string for each event. Of the metadata it keeps what the fold needs. */
export class SharedTexts {
  readonly #metas = new Map<string, string>();
  readonly #texts = new Map<string, string>();

  /** The one string for all texts that equal this one. */
  shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < TEXTS_MAX) this.#texts.set(text, text);
    return text;
  }

  /**
   * One string for all metadata that are equal for the fold, which needs the channel, the brand and whether it was a test. Unreadable metadata are kept,
   * and the fold reports them.
   */
  shortMeta(meta: string): string {
    const quick = CHANNEL.exec(meta)?.[0];
    if (quick !== undefined && !meta.includes('"test"') && !meta.includes('"brand"')) {
      let short = this.#metas.get(quick);
      if (short === undefined) {
        short = `${quick}}`;
        if (this.#metas.size < TEXTS_MAX) this.#metas.set(quick, short);
      }
      return short;
    }
    try {
      const { channel, test, brand } = JSON.parse(meta) as TouchpointMeta;
      const short = { channel, ...(test === undefined ? {} : { test }), ...(brand === undefined ? {} : { brand }) };
      return this.shared(JSON.stringify(short));
    } catch {
      return meta;
    }
  }
}
