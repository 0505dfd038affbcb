import { main } from '../src/main.ts';
import { start } from '../src/wiring.ts';

const interrupted = 130;

/** One file to load, whatever the bundler makes of what is behind it. */
export async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), start);
  // biome-ignore lint/nursery/noProcessExit: what was interrupted may still be at work, and nobody waits for it
  if (process.exitCode === interrupted) process.exit();
}
