#!/usr/bin/env node
import { nodeRange, runsOnNode } from '../src/version.ts';

// The rest is loaded afterwards: SQLite's addon ends a Node it was not made for without a word.
if (runsOnNode(process.versions.node)) {
  void import('./run.ts').then(({ run }) => run());
} else {
  process.stderr.write(
    `error: pub-registry needs Node ${nodeRange}; this is Node ${process.versions.node}\n`,
  );
  process.exitCode = 1;
}
