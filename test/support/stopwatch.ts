/** Runs it and says in the test's output how long it took, for a reader to judge: on a busy machine it may be long. */
export async function timed<T>(name: string, act: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await act();
  process.stdout.write(`      ${name}: ${Math.round(performance.now() - start)} ms\n`);
  return result;
}
