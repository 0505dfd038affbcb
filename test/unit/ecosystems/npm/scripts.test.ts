import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { PackOptions } from '../../../../src/ecosystems/ecosystem.ts';
import { createNpmEcosystem } from '../../../../src/ecosystems/npm/npm-ecosystem.ts';
import { scriptEnvironment } from '../../../../src/ecosystems/npm/script-environment.ts';
import { folderWith } from './temporary-folder.ts';

const say = (text: string) => `echo ${text}`;
const everyScript = Object.fromEntries(
  ['prepublish', 'prepublishOnly', 'prepack', 'prepare', 'pack', 'postpack', 'publish', 'postpublish'].map(
    (name) => [name, say(name)],
  ),
);

/** Runs a project's scripts, and gives what they printed. */
async function run(
  manifest: object,
  options: Partial<PackOptions> = {},
  extra: Readonly<Record<string, string>> = {},
) {
  const folder = await folderWith({ 'package.json': { name: 'sample', version: '1.0.0', ...manifest } });
  const out = await folderWith({ log: '' });
  const log = openSync(join(out, 'log'), 'a');
  const ecosystem = createNpmEcosystem({
    environment: { ...process.env, ...extra },
    credentialVariables: ['FROM_NPMRC'],
    workingDirectory: folder,
    output: log,
  });
  const project = await ecosystem.open(folder);
  const pack: PackOptions = { folder: out, runScripts: true, purpose: 'publish', ...options };
  try {
    const archive = await project?.pack(pack);
    if (pack.purpose === 'publish') await project?.afterPublish(pack);
    return { printed: readFileSync(join(out, 'log'), 'utf8').split('\n').filter(Boolean), archive, project };
  } finally {
    closeSync(log);
  }
}

test('publishing runs the scripts that npm runs, in its order', async () => {
  const { printed } = await run({ scripts: everyScript });
  expect(printed).toEqual(['prepublishOnly', 'prepack', 'prepare', 'postpack', 'publish', 'postpublish']);
});

test('packing runs those of packing', async () => {
  const { printed } = await run({ scripts: everyScript }, { purpose: 'package' });
  expect(printed).toEqual(['prepack', 'prepare', 'postpack']);
});

test('no script runs when none should', async () => {
  const { printed } = await run({ scripts: everyScript }, { runScripts: false });
  expect(printed).toEqual([]);
});

test('its script, and what that started, ends when the program alone is told to end, and not at a Ctrl-C', async () => {
  const wait = `node -e "${[
    "process.on('SIGTERM', () => { fs.writeFileSync('ended', ''); process.exit(1); })",
    "fs.writeFileSync('pid', String(process.pid))",
    'setInterval(() => {}, 1000)',
  ].join('; ')}"`;
  const folder = await folderWith({
    'package.json': { name: 'sample', version: '1.0.0', scripts: { prepare: wait } },
  });
  const began = async () => {
    await rm(join(folder, 'pid'), { force: true });
    const interruption = new AbortController();
    const environment = process.env;
    const project = await createNpmEcosystem({
      ...{ environment, credentialVariables: [], workingDirectory: folder, output: 2 },
      signal: interruption.signal,
    }).open(folder);
    const packing = project?.pack({ folder, runScripts: true, purpose: 'package' });
    const code = packing?.then(() => 'packed').catch((error) => error.code);
    const pid = await vi.waitFor(() => Number(/^\d+$/.exec(readFileSync(join(folder, 'pid'), 'utf8'))?.[0]));
    return { interruption, code, pid };
  };
  const told = await began();
  told.interruption.abort(new Error('SIGTERM'));
  expect(await told.code).toBe('E_SCRIPT');
  await vi.waitFor(() => readFileSync(join(folder, 'ended')));

  const interrupted = await began();
  interrupted.interruption.abort(new Error('SIGINT'));
  expect(await Promise.race([interrupted.code, setImmediate('at work')])).toBe('at work');
  process.kill(interrupted.pid, 'SIGKILL');
  expect(await interrupted.code).toBe('E_SCRIPT');
});

test('the manifest is read again after a script changed it', async () => {
  const change = `node -e "const p=require('./package.json');p.version='2.0.0';p.publishConfig={tag:'next'};require('fs').writeFileSync('package.json',JSON.stringify(p))"`;
  const { archive, project } = await run({ scripts: { prepare: change } });
  expect(archive).toMatchObject({ version: '2.0.0', fileName: 'sample-2.0.0.tgz' });
  expect(project?.publishSettings().tag).toBe('next');
});

test('a script may not change what the package is called', async () => {
  const change = `node -e "require('fs').writeFileSync('package.json','{\\"name\\":\\"other\\",\\"version\\":\\"1.0.0\\"}')"`;
  await expect(run({ scripts: { prepack: change } })).rejects.toMatchObject({ code: 'E_PROJECT' });
});

test('a script that fails stops everything, and is named', async () => {
  await expect(run({ scripts: { prepack: 'exit 3', postpack: say('never') } })).rejects.toMatchObject({
    code: 'E_SCRIPT',
    message: 'the script `prepack` of sample@1.0.0 failed with exit code 3',
  });
});

test('scripts know what npm tells them, and find the programs of their dependencies', async () => {
  const script = 'echo $npm_lifecycle_event $npm_package_name $npm_package_version $npm_command; echo $PATH';
  const { printed } = await run({ scripts: { prepack: script } });
  expect(printed[0]).toBe('prepack sample 1.0.0 publish');
  expect(printed[1]).toMatch(/^[^:]+node_modules\/\.bin:/);
});

const credentials = {
  PUB_TOKEN: 's3cret',
  PUB_TOKEN_WORK: 's3cret',
  PUB_OTP: 's3cret',
  NPM_TOKEN: 's3cret',
  NODE_AUTH_TOKEN: 's3cret',
  npm_config_otp: 's3cret',
  NPM_CONFIG__AUTH: 's3cret',
  npm_config__authToken: 's3cret',
  'npm_config_//registry.example/:_authToken': 's3cret',
  'pnpm_config_//registry.example/:_authToken': 's3cret',
  CARGO_REGISTRY_TOKEN: 's3cret',
  CARGO_REGISTRIES_WORK_TOKEN: 's3cret',
  YARN_NPM_AUTH_TOKEN: 's3cret',
  FROM_NPMRC: 's3cret',
};

test('no script sees a credential, even one of our own process', async () => {
  const before = { ...process.env };
  Object.assign(process.env, credentials);
  try {
    const { printed } = await run({ scripts: { prepack: 'env' } }, {}, credentials);
    expect(printed.length).toBeGreaterThan(5);
    expect(printed.filter((line) => line.includes('s3cret'))).toEqual([]);
  } finally {
    for (const name of Object.keys(credentials)) if (!(name in before)) delete process.env[name];
  }
});

test('other variables stay', () => {
  const environment = {
    HOME: '/h',
    npm_config_registry: 'r',
    PUB_REGISTRY: 'p',
    AUTHOR: 'a',
    ...credentials,
  };
  const given = scriptEnvironment({
    environment,
    credentialVariables: ['from_npmrc'],
    workingDirectory: '/w',
    command: 'publish',
  });
  expect(given).toMatchObject({
    HOME: '/h',
    npm_config_registry: 'r',
    PUB_REGISTRY: 'p',
    AUTHOR: 'a',
    INIT_CWD: '/w',
  });
  expect(Object.keys(credentials).filter((name) => given[name] !== undefined)).toEqual([]);
});
