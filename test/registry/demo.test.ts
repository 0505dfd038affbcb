import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { peerPackage, pinnedNode, root } from '../support/places.ts';
import { run } from '../support/processes.ts';

/** The npm that runs these tests, or the one among the peers where they were started without npm. */
const npm = process.env['npm_execpath'] ?? `${peerPackage('npm-12')}/bin/npm-cli.js`;

it('the demo tells its story to the end, shows no secret, and leaves nothing behind', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'pub-demo-'));
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: temporary, TMPDIR: temporary, npm_execpath: npm };
    const finished = await run(pinnedNode, [join(root, 'scripts', 'demo.ts')], { cwd: root, env });
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = finished;
    expect(stdout).toContain('npm error code EOTP');
    expect(stdout).toContain('hint: pass --otp <code> or set PUB_OTP');
    expect(stdout).toContain('chalk is installed and runs');
    expect(stdout).toMatch(/intact: \d+ events/);
    expect(stdout).not.toMatch(/pub_[0-9A-Za-z]{42}|otpauth:|\b\d{20}\b|throw-away password/);
    expect((await readdir(temporary)).filter((name) => name.startsWith('pub-'))).toEqual([]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
