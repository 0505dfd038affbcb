import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { NpmSettings } from '../../../../src/config/npm-settings.ts';
import { createNpmSettings } from '../../../../src/ecosystems/npm/npm-settings.ts';
import type { Environment } from '../../../../src/ecosystems/npm/npmrc.ts';
import { folderWith } from './temporary-folder.ts';

interface Layers {
  readonly project?: string;
  readonly user?: string;
  readonly global?: string;
  readonly environment?: Environment;
  readonly files?: Readonly<Record<string, string>>;
}

async function settingsFrom({ project, user, global, environment = {}, files = {} }: Layers) {
  const folder = await folderWith({
    'project/package.json': {},
    ...(project === undefined ? {} : { 'project/.npmrc': project }),
    ...(user === undefined ? {} : { 'home/.npmrc': user }),
    ...(global === undefined ? {} : { 'prefix/etc/npmrc': global }),
    ...files,
  });
  const settings = await createNpmSettings({
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value?.replace('<folder>', folder)]),
    ),
    home: join(folder, 'home'),
    projectFolder: join(folder, 'project'),
    nodeExecutable: join(folder, 'prefix/bin/node'),
  });
  const asAskedFor: NpmSettings = settings;
  expect(asAskedFor).toBe(settings);
  return settings;
}

const url = 'https://registry.example/npm/';
const key = '//registry.example/npm/:_authToken';

test('the first of environment, project, user and global decides', async () => {
  const layers = {
    project: 'registry=p',
    user: 'registry=u\nproxy=http://u',
    global: 'registry=g\nnoproxy=g',
  };
  const environment = { npm_config_registry: 'e' };
  expect((await settingsFrom({ ...layers, environment })).registryFor(undefined)).toBe('e');
  expect((await settingsFrom(layers)).registryFor(undefined)).toBe('p');
  const { project: _, ...withoutProject } = layers;
  expect((await settingsFrom(withoutProject)).registryFor(undefined)).toBe('u');
  const all = await settingsFrom(layers);
  expect([all.proxy, all.noProxy]).toEqual(['http://u', 'g']);
});

test('without any setting there is no registry, token, proxy or certificate, and TLS is strict', async () => {
  const settings = await settingsFrom({});
  expect(settings.registryFor(undefined)).toBeUndefined();
  expect(settings.environmentToken(url)).toBeUndefined();
  expect(settings.plaintextToken(url)).toBe(false);
  expect(settings).toMatchObject({ strictTls: true, credentialVariables: [] });
  expect(settings.caCertificates).toBeUndefined();
  expect([settings.proxy, settings.httpsProxy, settings.noProxy]).toEqual([undefined, undefined, undefined]);
});

test('an environment variable counts in any case, and an empty one does not', async () => {
  expect((await settingsFrom({ environment: { NPM_CONFIG_REGISTRY: 'e' } })).registryFor(undefined)).toBe(
    'e',
  );
  const settings = await settingsFrom({ environment: { npm_config_registry: '' }, user: 'registry=u' });
  expect(settings.registryFor(undefined)).toBe('u');
});

test('a scope has its own registry', async () => {
  const settings = await settingsFrom({
    user: '@acme:registry=https://acme.example\nregistry=https://all.example',
  });
  expect(settings.registryFor('@acme')).toBe('https://acme.example');
  expect(settings.registryFor('@other')).toBeUndefined();
});

test('variables are replaced as npm does it', async () => {
  const environment = { HOST: 'h' };
  const read = async (written: string) =>
    (await settingsFrom({ user: `registry=${written}`, environment })).registryFor(undefined);
  expect(await read(`x\${HOST}y`)).toBe('xhy');
  expect(await read(`\${NOPE}`)).toBe(`\${NOPE}`);
  expect(await read(`x\${NOPE?}y`)).toBe('xy');
  expect(await read(`x\\\${HOST}`)).toBe(`x\${HOST}`);
});

test('a token comes from the variable the file names', async () => {
  const settings = await settingsFrom({ user: `${key}=\${MY_TOKEN}`, environment: { MY_TOKEN: 't0ken' } });
  const found = settings.environmentToken(url);
  expect(found?.variable).toBe('MY_TOKEN');
  expect(found?.token.expose()).toBe('t0ken');
  expect(JSON.stringify(settings)).not.toContain('t0ken');
  expect(settings.plaintextToken(url)).toBe(false);
  expect(settings.credentialVariables).toEqual(['MY_TOKEN']);
});

test.each([
  `\${NOPE}`,
  `\${NOPE?}`,
  `\\\${MY_TOKEN}`,
  `x\${MY_TOKEN}`,
  `\${MY_TOKEN}\${MY_TOKEN}`,
  `\${EMPTY}`,
])('a value of %s is no token', async (written) => {
  const environment = { MY_TOKEN: 't', EMPTY: '' };
  const settings = await settingsFrom({ user: `${key}=${written}`, environment });
  expect(settings.environmentToken(url)).toBeUndefined();
});

test('a literal token is reported and never used', async () => {
  const settings = await settingsFrom({ user: `${key}=npm_literal` });
  expect(settings.plaintextToken(url)).toBe(true);
  expect(settings.environmentToken(url)).toBeUndefined();
  expect(settings.plaintextToken('https://other.example/')).toBe(false);
});

test('a user name with a password in the clear is reported too', async () => {
  const settings = await settingsFrom({ user: '//registry.example/:_password=c2VjcmV0' });
  expect(settings.plaintextToken(url)).toBe(true);
});

test.each(['//registry.example/npm/', '//registry.example/npm', '//registry.example/', '//registry.example'])(
  'the key of %s counts for a registry below it',
  async (prefix) => {
    const settings = await settingsFrom({ user: `${prefix}:_authToken=\${T}`, environment: { T: 't' } });
    expect(settings.environmentToken(url)?.variable).toBe('T');
  },
);

test.each([
  '//registry.example/np',
  '//registry.example:8443/npm/',
  '//example/',
  '//registry.example/npm/x/',
])('the key of %s does not count', async (prefix) => {
  const settings = await settingsFrom({ user: `${prefix}:_authToken=\${T}`, environment: { T: 't' } });
  expect(settings.environmentToken(url)).toBeUndefined();
});

test('an unset variable at the nearest key does not fall back to a token meant for more', async () => {
  const user = `//registry.example/:_authToken=\${T}\n${key}=\${UNSET}`;
  const settings = await settingsFrom({ user, environment: { T: 't' } });
  expect(settings.environmentToken(url)).toBeUndefined();
});

test('a token in an npm_config variable of its own is an environment token', async () => {
  const settings = await settingsFrom({ environment: { [`npm_config_${key}`]: 'from-env' } });
  expect(settings.environmentToken(url)?.token.expose()).toBe('from-env');
  expect(settings.plaintextToken(url)).toBe(false);
});

test('the user file is where npm_config_userconfig says', async () => {
  const settings = await settingsFrom({
    user: 'registry=u',
    files: { 'other/rc': 'registry=o' },
    environment: { npm_config_userconfig: '<folder>/other/rc' },
  });
  expect(settings.registryFor(undefined)).toBe('o');
});

test.each([
  ['npm', { 'package.json': { workspaces: ['packages/*'] } }],
  ['pnpm', { 'pnpm-workspace.yaml': 'packages: ["packages/*"]' }],
])('a member of a workspace of %s reads the .npmrc of the root', async (_, root) => {
  const folder = await folderWith({
    ...root,
    '.npmrc': 'registry=root',
    'packages/a/package.json': {},
    'packages/a/.npmrc': 'registry=member',
  });
  const settings = await createNpmSettings({
    environment: {},
    home: join(folder, 'nowhere'),
    projectFolder: join(folder, 'packages/a'),
    nodeExecutable: join(folder, 'nowhere/bin/node'),
  });
  expect(settings.registryFor(undefined)).toBe('root');
});

test('a file that is there and cannot be read stops everything', async () => {
  const folder = await folderWith({ 'project/package.json': {} });
  await mkdir(join(folder, 'home/.npmrc'), { recursive: true });
  const reading = createNpmSettings({
    environment: {},
    home: join(folder, 'home'),
    projectFolder: join(folder, 'project'),
    nodeExecutable: join(folder, 'bin/node'),
  });
  await expect(reading).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: expect.stringContaining('.npmrc'),
  });
});

test('certificates come from cafile, or from ca', async () => {
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
  const file = await settingsFrom({
    files: { 'ca.pem': `${pem('a')}\r\n${pem('b')}\n` },
    environment: { npm_config_cafile: '<folder>/ca.pem' },
    user: 'ca="x"',
  });
  expect(file.caCertificates).toEqual([pem('a'), pem('b')]);
  const inline = await settingsFrom({ user: `ca="${pem('a').replaceAll('\n', '\\n')}"` });
  expect(inline.caCertificates).toEqual([pem('a')]);
  const list = await settingsFrom({ user: 'ca[]="a"\nca[]="b"' });
  expect(list.caCertificates).toEqual(['a', 'b']);
});

test.each([
  ['strict-ssl=false', false],
  ['strict-ssl=true', true],
  ['strict-ssl=', true],
  ['strict-ssl=maybe', true],
])('%s gives %s', async (user, strict) => {
  expect((await settingsFrom({ user })).strictTls).toBe(strict);
});

test('a proxy comes from the settings before the environment', async () => {
  const environment = { HTTPS_PROXY: 'http://s', http_proxy: 'http://h', NO_PROXY: 'a,b' };
  const fromEnvironment = await settingsFrom({ environment });
  expect(fromEnvironment).toMatchObject({ httpsProxy: 'http://s', proxy: 'http://s', noProxy: 'a,b' });
  const onlyHttp = await settingsFrom({ environment: { HTTP_PROXY: 'http://h' } });
  expect([onlyHttp.httpsProxy, onlyHttp.proxy]).toEqual([undefined, 'http://h']);
  const user = 'proxy=http://p\nhttps-proxy=http://q\nnoproxy[]=c\nnoproxy[]=d';
  expect(await settingsFrom({ environment, user })).toMatchObject({
    httpsProxy: 'http://q',
    proxy: 'http://q',
    noProxy: 'c,d',
  });
  expect((await settingsFrom({ user: 'proxy=null\nhttps-proxy=null' })).proxy).toBeUndefined();
});

test("a project's file chooses a registry, and nothing about tokens or connections", async () => {
  const settings = await settingsFrom({
    project: [
      'registry=https://project.example/',
      '@acme:registry=https://acme.example/',
      `${key}=\${NPM_TOKEN}`,
      'strict-ssl=false',
      'proxy=http://thief.example',
      'https-proxy=http://thief.example',
      'cafile=/thief.pem',
      'ca=thief',
    ].join('\n'),
    user: 'registry=https://user.example/',
    environment: { NPM_TOKEN: 'secret' },
  });
  expect(settings.registryFor(undefined)).toBe('https://project.example/');
  expect(settings.registryFor('@acme')).toBe('https://acme.example/');
  expect(settings.outsideProject.registryFor(undefined)).toBe('https://user.example/');
  expect(settings.outsideProject.registryFor('@acme')).toBeUndefined();
  expect(settings.environmentToken(url)).toBeUndefined();
  expect(settings).toMatchObject({ strictTls: true, credentialVariables: ['NPM_TOKEN'] });
  expect([settings.proxy, settings.httpsProxy, settings.caCertificates]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a token that a project's file names is told apart, so that its owner can be told why it is not used", async () => {
  const project = await settingsFrom({ project: `${key}=\${NPM_TOKEN}` });
  expect([project.projectToken(url), project.projectToken('https://other.example/')]).toEqual([true, false]);
  expect((await settingsFrom({ user: `${key}=\${NPM_TOKEN}` })).projectToken(url)).toBe(false);
});

test("a variable in a project's registry is refused: its value would go to whoever the URL leads to", async () => {
  const layers = {
    project: `registry=https://thief.example/\${NPM_TOKEN}/`,
    environment: { NPM_TOKEN: 'secret' },
  };
  const failure = await settingsFrom(layers).then(
    (settings) => settings.registryFor(undefined),
    (error) => error,
  );
  expect(failure).toMatchObject({ code: 'E_CONFIG' });
  expect(JSON.stringify([failure.message, failure.hint])).not.toContain('secret');
});
