#!/usr/bin/env node
import { nodeRange, runsOnNode } from '../src/version.ts';

// As in `pub.ts`. Cargo shows what is said on stderr, and takes the exit code for the failure it is.
if (runsOnNode(process.versions.node)) {
  void import('../src/cargo-credential-wiring.ts').then(async ({ runCargoCredential }) => {
    process.exitCode = await runCargoCredential(process.argv.slice(2));
  });
} else {
  process.stderr.write(
    `error: cargo-credential-pub needs Node ${nodeRange}; this is Node ${process.versions.node}\n`,
  );
  process.exitCode = 1;
}
