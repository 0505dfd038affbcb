import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createConfigFile } from '../../../src/config/config-file.ts';
import { configPath } from '../../../src/config/config-folder.ts';
import { createLogins } from '../../../src/config/logins.ts';
import { parseIndexUrl, parseRegistryUrl } from '../../../src/config/registry-url.ts';
import { PubError } from '../../../src/errors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pub-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const written = `# a comment
editor = "vim"
big = 9007199254740993
ratio = 1.0
default = "acme"

[registries.acme]
url = "HTTPS://Registry.Example:443/npm"
color = "blue"

[logins]
"https://registry.example/npm/" = "alice"

[aliases]
p = "publish"
`;

describe('the settings file', () => {
  test('is found where the platform keeps settings', () => {
    const on = (platform: NodeJS.Platform, environment = {}) =>
      configPath({ platform, environment, home: platform === 'win32' ? 'C:\\Users\\a' : '/home/a' });
    expect(on('linux')).toBe('/home/a/.config/pub/config.toml');
    expect(on('linux', { XDG_CONFIG_HOME: '/x' })).toBe('/x/pub/config.toml');
    expect(on('linux', { XDG_CONFIG_HOME: 'relative' })).toBe('/home/a/.config/pub/config.toml');
    expect(on('darwin')).toBe('/home/a/Library/Application Support/pub/config.toml');
    expect(on('win32')).toBe('C:\\Users\\a\\AppData\\Roaming\\pub\\config.toml');
    expect(on('win32', { APPDATA: 'D:\\R' })).toBe('D:\\R\\pub\\config.toml');
  });

  test('that is missing, or below a home that is none, is empty', async () => {
    const nothing = { registries: new Map(), default: undefined, logins: new Map() };
    expect(await createConfigFile(join(folder, 'none', 'config.toml')).read()).toEqual(nothing);
    expect(await createConfigFile('/dev/null/pub/config.toml').read()).toEqual(nothing);
  });

  test('is read with normalised URLs', async () => {
    const path = join(folder, 'config.toml');
    await writeFile(path, written);
    expect(await createConfigFile(path).read()).toEqual({
      registries: new Map([['acme', 'https://registry.example/npm/']]),
      default: 'acme',
      logins: new Map([['https://registry.example/npm/', 'alice']]),
    });
  });

  test('keeps what it does not know when it is rewritten', async () => {
    const path = join(folder, 'config.toml');
    await writeFile(path, written);
    const file = createConfigFile(path);
    await createLogins(file).remember('https://other.example/', 'bob');
    const text = await readFile(path, 'utf8');
    for (const line of [
      'editor = "vim"',
      'big = 9007199254740993',
      'ratio = 1.0',
      'color = "blue"',
      'p = "publish"',
    ]) {
      expect(text).toContain(line);
    }
    expect((await file.read()).logins.size).toBe(2);
  });

  test('is replaced as a whole, for its owner only, and leaves nothing beside it', async () => {
    const path = join(folder, 'new', 'pub', 'config.toml');
    await createLogins(createConfigFile(path)).remember('https://registry.example/', 'alice');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'new', 'pub'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'new', 'pub'))).toEqual(['config.toml']);
  });

  test('that is a link stays one', async () => {
    await mkdir(join(folder, 'dotfiles'));
    await writeFile(join(folder, 'dotfiles', 'pub.toml'), written);
    await symlink(join(folder, 'dotfiles', 'pub.toml'), join(folder, 'config.toml'));
    await createLogins(createConfigFile(join(folder, 'config.toml'))).forget('https://registry.example/npm/');
    expect(await readFile(join(folder, 'dotfiles', 'pub.toml'), 'utf8')).not.toContain('alice');
  });

  test('that cannot be written is an error that names it, and stays as it was', async () => {
    const path = join('/dev/null', 'pub', 'config.toml');
    const error = await createLogins(createConfigFile(path))
      .remember('https://registry.example/', 'alice')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'E_CONFIG', message: `cannot write ${path}` });
  });

  test.each([
    ['broken TOML', 'default = '],
    ['a registry without a URL', '[registries.a]'],
    ['a registry that is no table', 'registries = 1'],
    ['a URL with a password', '[registries.a]\nurl = "https://u:hunter2@registry.example"'],
    ['two names for one variable', '[registries."a_b"]\nurl = "https://registry.example"'],
    ['a login that is no text', '[logins]\n"https://registry.example/" = 1'],
  ])('with %s is refused, never taken for empty', async (_, text) => {
    const path = join(folder, 'config.toml');
    await writeFile(path, text);
    const file = createConfigFile(path);
    const error = (await file.read().catch((caught: unknown) => caught)) as PubError;
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    expect(`${error.message} ${error.cause} ${error.hint}`).not.toContain('hunter2');
    await expect(file.update((config) => config)).rejects.toBeInstanceOf(PubError);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('that cannot be read is refused', async () => {
    const path = join(folder, 'config.toml');
    // A folder: unlike permissions, it stops the super-user too.
    await mkdir(path);
    await expect(createConfigFile(path).read()).rejects.toMatchObject({ code: 'E_CONFIG' });
  });
});

test('changes at the same moment are all kept, and a lock that somebody left is taken over', async () => {
  const path = join(folder, 'pub', 'config.toml');
  const urls = Array.from({ length: 8 }, (_, index) => `https://r${index}.example/`);
  await Promise.all(urls.map((url) => createLogins(createConfigFile(path)).remember(url, 'alice')));
  expect([...(await createConfigFile(path).read()).logins.keys()].sort()).toEqual(urls);
  expect(await readdir(join(folder, 'pub'))).toEqual(['config.toml']);

  await writeFile(`${path}.lock`, '');
  await utimes(`${path}.lock`, 0, 0);
  await createLogins(createConfigFile(path)).remember('https://late.example/', 'bob');
  expect(await createLogins(createConfigFile(path)).accountOf('https://late.example/')).toBe('bob');
});

describe('the URL of a registry', () => {
  test.each([
    ['https://Registry.Example', 'https://registry.example/'],
    ['HTTPS://registry.example:443/npm', 'https://registry.example/npm/'],
    ['http://127.0.0.1:4873/', 'http://127.0.0.1:4873/'],
    ['http://[::1]:80/a/../b', 'http://[::1]/b/'],
  ])('%s becomes %s', (text, url) => {
    expect(parseRegistryUrl(text)).toBe(url);
    expect(parseRegistryUrl(url)).toBe(url);
  });

  test.each([
    'registry.example',
    'ftp://registry.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http:registry.example',
    'https://user:hunter2@registry.example/',
    'https://hunter2@registry.example/',
    'https//user:hunter2@registry.example/',
    'https://registry.example/?token=hunter2',
    'https://registry.example/#hunter2',
    'https://',
    '',
  ])('%j is refused', (text) => {
    const error = (() => {
      try {
        return parseRegistryUrl(text);
      } catch (caught) {
        return caught as PubError;
      }
    })();
    expect(error).toBeInstanceOf(PubError);
    if (text.includes('@')) expect(`${(error as PubError).message}`).not.toContain('hunter2');
  });
});

describe('a login at a cargo registry', () => {
  const index = 'sparse+https://registry.example/cargo/index/';

  test('is remembered by its index, apart from a registry at the same address', async () => {
    const logins = createLogins(createConfigFile(join(folder, 'config.toml')));
    await logins.remember(index, 'alice');
    await logins.remember('https://registry.example/cargo/index/', 'bob');
    expect(await logins.accountOf(index)).toBe('alice');
    await logins.forget(index);
    expect(await logins.accountOf(index)).toBeUndefined();
    expect(await logins.accountOf('https://registry.example/cargo/index/')).toBe('bob');
  });

  test('has one form, and no password in it', () => {
    expect(parseIndexUrl('sparse+HTTPS://Registry.Example:443/cargo/index')).toBe(index);
    expect(parseIndexUrl('https://github.com/rust-lang/crates.io-index')).toMatch(/crates\.io-index\/$/);
    for (const text of [
      'sparse+https://a:b@registry.example/',
      'sparse+ssh://registry.example/',
      'sparse+',
    ]) {
      expect(() => parseIndexUrl(text)).toThrow(PubError);
    }
  });
});
