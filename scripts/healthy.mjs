// What a container's health check runs, with the port as its argument: ends with 0 when the process there says that it is ready.
const port = process.argv[2] ?? process.env.PORT ?? '3000';
const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(4_000) }).catch(
  (error) => ({ ok: false, text: () => Promise.resolve(String(error.cause ?? error)) }),
);
if (!answer.ok) {
  console.error(await answer.text());
  process.exit(1);
}
