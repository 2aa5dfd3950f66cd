import { protocol, type PGlite } from '@electric-sql/pglite';
import { fieldsOf, rowsOf, type Field, type Values } from './answers.js';
import { arrayText, PARSERS } from '../values.js';

/** A statement to be run, or rows to be copied in as text. */
export type Step =
  | { readonly sql: string; readonly params: readonly unknown[] }
  | { readonly sql: string; readonly text: string }
  /** Several statements without parameters. */
  | { readonly script: string };

interface Prepared {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** So many statements are kept prepared; beyond that the one longest not asked for goes. */
const PREPARED_MAX = 300;

/**
 * The one connection that PGlite is, spoken to in PostgreSQL's own protocol. Its `query` parses and plans each statement again
 * and enters the engine six times for it, 0.4 ms at the least; here a statement is prepared once, and all that follow one
 * another enter together.
 */
export class PgliteSession {
  readonly #prepared = new Map<string, Prepared>();
  #named = 0;

  constructor(private readonly pg: PGlite) {}

  /** Runs the steps in order; gives the rows of each. The first that fails ends it. */
  async run(steps: readonly Step[]): Promise<Values[][]> {
    const results: Values[][] = [];
    let together: { readonly prepared: Prepared; readonly params: readonly unknown[] }[] = [];
    const enter = async (): Promise<void> => {
      if (together.length === 0) return;
      const entered = together;
      together = [];
      results.push(...(await this.#execute(entered)));
    };
    for (const step of steps) {
      if ('params' in step) {
        let prepared = this.#prepared.get(step.sql);
        if (prepared === undefined) {
          // What comes before it may be what makes it right: the search path, a table.
          await enter();
          prepared = await this.#prepare(step.sql);
        } else {
          this.#prepared.delete(step.sql);
          this.#prepared.set(step.sql, prepared);
        }
        together.push({ prepared, params: step.params });
        continue;
      }
      await enter();
      if ('text' in step) await this.pg.query(step.sql, [], { blob: new Blob([step.text]) });
      else {
        // A script may change tables: what was prepared for them would give rows of another shape, which is rejected.
        await this.#forget([...this.#prepared.keys()]);
        await this.pg.exec(step.script);
      }
      results.push([]);
    }
    await enter();
    return results;
  }

  async #prepare(sql: string): Promise<Prepared> {
    if (this.#prepared.size >= PREPARED_MAX) await this.#forget([...this.#prepared.keys()].slice(0, PREPARED_MAX / 10));
    const name = `s${(this.#named += 1)}`;
    const { serialize } = protocol;
    const described = await this.#send([
      serialize.parse({ name, text: sql }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    ]);
    const fields = fieldsOf(described, PARSERS);
    const prepared = { name, fields };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  async #forget(statements: readonly string[]): Promise<void> {
    if (statements.length === 0) return;
    const { serialize } = protocol;
    const closing = statements.map((sql) => serialize.close({ type: 'S', name: this.#prepared.get(sql)?.name ?? '' }));
    for (const sql of statements) this.#prepared.delete(sql);
    rowsOf(await this.#send([...closing, serialize.sync()]), []);
  }

  async #execute(
    entered: readonly { readonly prepared: Prepared; readonly params: readonly unknown[] }[],
  ): Promise<Values[][]> {
    const { serialize } = protocol;
    const sent: Uint8Array[] = [];
    for (const { prepared, params } of entered)
      sent.push(serialize.bind({ statement: prepared.name, values: params.map(parameter) }), serialize.execute({}));
    return rowsOf(
      await this.#send([...sent, serialize.sync()]),
      entered.map(({ prepared }) => prepared.fields),
    );
  }

  /** All that the engine answers. */
  async #send(messages: readonly Uint8Array[]): Promise<Buffer> {
    const answers: Uint8Array[] = [];
    // What it hands over is its own memory, and is written over next.
    const onRawData = (answer: Uint8Array) => answers.push(answer.slice());
    await this.pg.execProtocolRawStream(Buffer.concat(messages), { syncToFs: false, onRawData });
    return Buffer.concat(answers);
  }
}

/** A parameter as text, as `pg` sends it too. */
function parameter(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return arrayText(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value as number);
}
