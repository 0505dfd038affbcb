import { text } from 'node:stream/consumers';
import { main } from '../src/main.ts';

export async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), {
    stdout: (line) => void process.stdout.write(line),
    stderr: (line) => void process.stderr.write(line),
    readStdin: () => text(process.stdin),
    stopped: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
      }),
  });
}
