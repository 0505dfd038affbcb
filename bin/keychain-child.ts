#!/usr/bin/env node
import { runKeychainChild } from '../src/credentials/keychain-child.ts';

void runKeychainChild({
  input: process.stdin,
  output: process.stdout,
  platform: process.platform,
  die: () => process.kill(process.pid, 'SIGKILL'),
});
