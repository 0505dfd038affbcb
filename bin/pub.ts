#!/usr/bin/env node
import { nodeRange, runsOnNode } from '../src/version.ts';

// The rest is loaded afterwards, so that a Node too old to read it can still say so.
if (runsOnNode(process.versions.node)) {
  void import('./run.ts').then(({ run }) => run());
} else {
  process.stderr.write(`error: pub needs Node ${nodeRange}; this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
}
