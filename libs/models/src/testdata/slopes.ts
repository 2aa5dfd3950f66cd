import { expect } from '@jest/globals';
import type { LogLikelihood } from '../fit.js';

/** Expects the derivatives of a log-likelihood to be those that differences show. */
export function expectSlopes(logLikelihood: LogLikelihood, parameters: readonly number[]): void {
  const gradient = new Float64Array(parameters.length);
  const value = logLikelihood(Float64Array.from(parameters), gradient);
  parameters.forEach((parameter, at) => {
    const step = 1e-5 * parameter;
    const [above, below] = [step, -step].map((by) =>
      logLikelihood(
        Float64Array.from(parameters, (each, other) => (other === at ? each + by : each)),
        new Float64Array(parameters.length),
      ),
    ) as [number, number];
    const slope = (above - below) / (2 * step);
    // What rounding of the value leaves of a difference.
    const noise = (1e-13 * Math.abs(value)) / step;
    expect(Math.abs((gradient[at] as number) - slope)).toBeLessThan(1e-5 * (1 + Math.abs(slope)) + noise);
  });
}
