// `npm run check`: every static guard and every unit spec, in order of speed; stops at none, fails if one failed.
import { spawnSync } from 'node:child_process';

const steps = ['typecheck', 'format:check', 'lint', 'boundaries', 'unused'];
const failed = [];
for (const step of steps) {
  const started = Date.now();
  const { status } = spawnSync('npm', ['run', '--silent', step], { stdio: 'inherit' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${step} (${seconds} s)`);
  if (status !== 0) failed.push(step);
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}. Run one alone with: npm run ${failed[0]}`);
  process.exit(1);
}
