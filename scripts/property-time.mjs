// Cuts the properties short where PROPERTY_TIME_MS says so, as mutation testing does: each property ends after so many milliseconds, begins
// with the same seed in every run, and does not shrink what it found. Without the setting, properties run as they are written.
const limit = Number(process.env['PROPERTY_TIME_MS'] ?? 0);
if (limit > 0) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ interruptAfterTimeLimit: limit, markInterruptAsFailure: false, endOnFailure: true, seed: 1 });
}
