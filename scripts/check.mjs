// `npm run check`: every static guard, as many at a time as there are cores; stops at none, fails if one failed.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

// The slowest first.
const steps = ['lint', 'typecheck', 'format:check', 'boundaries', 'unused'];
const waiting = [...steps];
const failed = [];

/** Runs a guard, and prints what it said once it has ended: the output of two at once could not be read. */
function guard(step) {
  const started = Date.now();
  const child = spawn('npm', ['run', '--silent', step], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  return new Promise((done) =>
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said));
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (code !== 0) failed.push(step);
      done();
    }),
  );
}

async function one() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await guard(step);
}

await Promise.all(Array.from({ length: Math.min(availableParallelism(), steps.length) }, one));
if (failed.length > 0) {
  const [first] = failed;
  console.error(`\nFailed: ${failed.join(', ')}. Run one alone with: npm run ${first}`);
  process.exit(1);
}
