#!/usr/bin/env node
import { nodeRange, runsOnNode } from '../src/version.ts';

const interrupted = 130;

// The rest is loaded afterwards, so that a Node too old to read it can still say so.
if (runsOnNode(process.versions.node)) {
  const [{ main }, { start }] = await Promise.all([import('../src/main.ts'), import('../src/wiring.ts')]);
  process.exitCode = await main(process.argv.slice(2), start);
  // biome-ignore lint/nursery/noProcessExit: what was interrupted may still be at work, and nobody waits for it
  if (process.exitCode === interrupted) process.exit();
} else {
  process.stderr.write(`error: pub needs Node ${nodeRange}; this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
}
