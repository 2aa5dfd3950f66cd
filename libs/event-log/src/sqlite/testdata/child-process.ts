import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

/** A process of its own, from source, and the lines that it says. */
export class Child {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #heard = () => {};
  #over = false;

  constructor(script: 'acknowledging-child' | 'owning-child', folder: string) {
    const file = fileURLToPath(new URL(`./${script}.ts`, import.meta.url));
    const loader = ['--conditions=source', '--import', '#from-source'];
    this.#process = spawn(process.execPath, [...loader, file, folder], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = this.#process.stdout;
    if (output === null) throw new Error('A child without an output says nothing.');
    const said = createInterface({ input: output });
    said.on('line', (line) => {
      this.lines.push(line);
      this.#heard();
    });
    this.#ended = Promise.all([once(this.#process, 'exit'), once(said, 'close')]).then(() => {
      this.#over = true;
      this.#heard();
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Waits for so many lines. @throws when the child ends before it has said them */
  async says(count: number): Promise<readonly string[]> {
    while (this.lines.length < count && !this.#over)
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    if (this.lines.length < count) throw new Error(`The child ended after ${this.lines.length} of ${count} lines.`);
    return this.lines;
  }

  /** kill -9; everything that it said before is heard. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}
