import { describe, expect, test } from 'vitest';
import { commonPasswords } from '../src/accounts/common-passwords.ts';
import { findGuess } from '../src/accounts/guessable-passwords.ts';
import { createTestRegistry, profilePath, userPath } from './support/test-registry.ts';

const words = ['alice', 'alice.liddell@example.org', 'pub-registry', null, undefined];

describe('a password that is guessed early', () => {
  test.each([
    ['on the list', 'correcthorsebatterystaple'],
    ['on the list, in capitals', 'PASSWORDPASSWORD'],
    ['with signs for letters', 'P@$$w0rdP@$$w0rd'],
    ['in full-width letters', '\uff50assword\uff50assword'],
    ['with digits around it', '2026password2026'],
    ['two of the same common words', 'sunshine-sunshine'],
    ['a common word and a few letters', 'iloveyou abc 123'],
    ['one letter', 'aaaaaaaaaaaaaaaa'],
    ['one piece again and again', 'xyz9xyz9xyz9xyz9'],
    ['the alphabet', 'abcdefghijklmnop'],
    ['digits backwards', '9876543210987654'],
    ['the keyboard', 'zxcvbnmasdfghjkl'],
    ['the name of the account', 'alice1alice2alice3'],
    ['part of the address', 'liddell-liddell-1'],
    ['the address', 'Alice.Liddell@Example.Org'],
    ['the name of the registry', 'pub-registry-2026!'],
  ])('%s: %s', (_, password) => {
    expect(findGuess(password, words)).toEqual(expect.any(String));
  });

  test.each([
    'correct horse battery',
    'purple monkey dishwasher',
    'the password of the cellar is long',
    'wonderland has many a tale to tell',
    'Xk7#mQ2p',
    'vT9wLq3Zr8Yb',
    '\u6708\u304c\u7dba\u9e97\u3067\u3059\u306d\u4eca\u65e5\u306f\u3068\u3066\u3082',
  ])('not %s', (password) => {
    expect(findGuess(password, words)).toBeUndefined();
  });

  test('is every one of the list, which has hundreds', () => {
    expect(commonPasswords.length).toBeGreaterThan(500);
    expect(commonPasswords.filter((password) => findGuess(password, []) === undefined)).toEqual([]);
    expect(commonPasswords.filter((password) => password.length < 8)).toEqual([]);
  });

  test('is refused at sign-up and at a change, whatever its length', async () => {
    const registry = await createTestRegistry();
    const body = { name: 'alice', email: 'alice@example.org' };
    for (const password of ['password12345678', 'alice-alice-alice', '0123456789012345678']) {
      const refused = await registry.anonymous.put(userPath('alice'), { ...body, password });
      expect([password, refused.code]).toEqual([password, 'bad_request']);
      expect(refused.text).not.toContain(password);
    }
    const alice = await registry.signUp('alice');
    const change = { password: { old: alice.password, new: 'qwertyuiopasdfgh' } };
    expect((await alice.post(profilePath, change)).code).toBe('bad_request');
    expect((await alice.get('/-/whoami')).status).toBe(200);
  });
});
