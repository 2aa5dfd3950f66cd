import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { program } from '../program.js';

let folder: string;
const file = (name: string, text: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-models-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command as on the command line, run in this process. */
async function run(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  let [out, err] = ['', ''];
  const writing = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  const session = {
    clock: { now: () => 0 },
    stderr: { write: (text: string) => (err += text) },
    signal: new AbortController().signal,
  };
  try {
    const perennial = await program(session, '1');
    for (const command of perennial.commands) command.configureOutput({ writeErr: (text) => (err += text) });
    await perennial.parseAsync(['node', 'perennial', ...args]);
    return { out, err, code: 0 };
  } catch (error) {
    const { exitCode, message } = error as { readonly exitCode?: number; readonly message: string };
    return { out, err: `${err}${message}`, code: exitCode ?? 1 };
  } finally {
    writing.mockRestore();
  }
}

/** Customers of several kinds, in weeks. */
const CUSTOMERS = `\ufeffID,name,Frequency,recency,t\n${Array.from({ length: 60 }, (_, at) => {
  const x = at % 5 === 0 ? 0 : 1 + (at % 4) * (1 + (at % 3));
  return `"${at},a",x,${x},${x === 0 ? 0 : 3 + ((at * 7) % 30)},${34 + (at % 6)}`;
}).join('\r\n')}\r\n`;

describe('perennial fit and predict', () => {
  it('fits a table, and predicts with what the fit printed', async () => {
    const data = file('customers.csv', CUSTOMERS);
    const { out, code } = await run('fit', '--model', 'bg-nbd', '--data', data);
    expect(code).toBe(0);
    const fit = JSON.parse(out) as Record<string, unknown>;
    expect(fit).toMatchObject({ model: 'bg-nbd', customers: 60 });
    expect(Object.keys(fit['parameters'] as object)).toEqual(['r', 'alpha', 'a', 'b']);
    const predicted = await run(
      'predict',
      '--model',
      'bg-nbd',
      '--parameters',
      file('fit.json', out),
      '--data',
      data,
      '--horizon',
      '39,52',
    );
    expect(predicted.code).toBe(0);
    const [header, first, ...rest] = predicted.out.trim().split('\n');
    expect(header).toBe('id,pAlive,expectedPurchases_39,churnRisk_39,expectedPurchases_52,churnRisk_52');
    // A customer without a repeat purchase is alive under this model; the id is quoted, since it has a comma.
    expect(first).toMatch(/^"0,a",1,0\.\d+,0\.\d+,/);
    expect(rest).toHaveLength(59);
  });

  it('takes parameters from the command line', async () => {
    const data = file('spend.csv', 'id,frequency,monetary\nann,2,22.35\nben,0,0\n');
    const { out } = await run(
      'predict',
      '--model',
      'gamma-gamma',
      '--parameters',
      '{"p":6.25,"q":3.74,"v":15.44}',
      '--data',
      data,
    );
    expect(out).toMatch(/^id,expectedAverageSpend\nann,24\.66\d+\nben,35\.2\d+\n$/);
  });

  it('fits renewals, whatever the order of the periods is', async () => {
    const data = file('renewals.csv', 'period,customers\n1,869\n0,1000\n2,743\n3,653\n4,593\n5,551\n6,517\n7,491\n');
    const { parameters } = JSON.parse((await run('fit', '--model', 'sbg', '--data', data)).out) as {
      parameters: Record<string, number>;
    };
    expect(parameters).toEqual({ alpha: expect.closeTo(0.668, 2), beta: expect.closeTo(3.806, 2) });
  });

  it.each([
    ['a column that is missing', 'id,frequency,T\n1,2,3\n', 'has no column recency: its columns are id, frequency, t.'],
    ['a column that stands twice', 'T,frequency,recency,t\n1,2,3,4\n', 'has the column T twice'],
    [
      'a value that is not a number',
      'frequency,recency,T\n1,2,3\n1,x,3\n',
      'line 3: recency must be a number (got "x").',
    ],
    ['a value that is empty', 'frequency,recency,T\n1,,3\n', 'line 2: recency must be a number (got "").'],
    ['hexadecimal', 'frequency,recency,T\n0x1,2,3\n', 'line 2: frequency must be a number (got "0x1").'],
    [
      'a history that cannot be',
      'frequency,recency,T\n0,0,3\n\n2,9,3\n',
      'line 4: recency must not be greater than T (3) (got 9)',
    ],
    ['an empty file', '', 'is empty: its first line must name the columns frequency, recency, T.'],
    ['a quote that does not end', 'frequency,recency,T\n"1,2,3\n', 'cannot be read'],
  ])('says where %s is', async (_what, text, sentence) => {
    const { err, code, out } = await run('fit', '--model', 'pareto-nbd', '--data', file('wrong.csv', text));
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(sentence);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('says what is wrong with a file or parameters', async () => {
    const data = file('some.csv', 'frequency,recency,T\n1,2,3\n');
    expect(await run('fit', '--model', 'bg-nbd', '--data', join(folder, 'none.csv'))).toMatchObject({ code: 3 });
    const predict = (parameters: string): ReturnType<typeof run> =>
      run('predict', '--model', 'bg-nbd', '--parameters', parameters, '--data', data);
    expect((await predict('{"r":1,"alpha":-1,"a":1}')).err).toContain(
      'each a number greater than 0: alpha, b are missing',
    );
    expect((await predict('{')).err).toContain('--parameters is not JSON');
    expect((await predict(file('other.json', '{"model":"sbg","parameters":{}}'))).err).toContain('those of sbg');
    expect(
      (await run('predict', '--model', 'bg-nbd', '--parameters', '{}', '--data', data, '--horizon', 'soon')).code,
    ).not.toBe(0);
  });
});
