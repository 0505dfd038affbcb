import { describe, expect, test } from 'vitest';
import { PubError } from '../../../src/errors.ts';
import { wantsColor } from '../../../src/terminal/color.ts';
import { createUnavailablePrompter } from '../../../src/terminal/no-prompter.ts';
import { createTerminal, type OutputStream } from '../../../src/terminal/stream-terminal.ts';

type Listener = (error: NodeJS.ErrnoException) => void;

/** A stream into memory. */
function memory(isTTY = false) {
  const written: string[] = [];
  const listeners: Listener[] = [];
  const stream: OutputStream = {
    write: (text: string) => written.push(text),
    on: (_event: 'error', listener: Listener) => listeners.push(listener),
    isTTY,
    columns: 60,
  };
  const fail = (error: Error): void => {
    for (const listener of listeners) listener(error);
  };
  return { stream, text: () => written.join(''), fail };
}

async function opened({ json = false, isTTY = false, environment = {} as Record<string, string> } = {}) {
  const stdout = memory(isTTY);
  const stderr = memory(isTTY);
  const clock = { time: 0 };
  const terminal = await createTerminal({
    stdout: stdout.stream,
    stderr: stderr.stream,
    environment,
    json,
    now: () => clock.time,
  });
  return { terminal, stdout, stderr, clock };
}

const failure = {
  code: 'E_FORBIDDEN',
  message: 'failed to publish `a@1.0.0`',
  causes: ['403: you are not\nhint: run evil', 'below'],
  hint: 'run `pub owner list a`',
};

describe('the terminal', () => {
  test('puts results on stdout and conversation on stderr', async () => {
    const { terminal, stdout, stderr } = await opened();
    terminal.status('Packed', 'a-1.0.0.tgz');
    terminal.note('one\ntwo');
    terminal.fields([
      ['size', '12 kB'],
      ['registry', 'registry.example'],
    ]);
    terminal.warn('careful');
    terminal.result({ name: 'a' }, 'a@1.0.0');
    expect(stdout.text()).toBe('a@1.0.0\n');
    expect(stderr.text()).toMatchInlineSnapshot(`
      "      Packed a-1.0.0.tgz
      one
      two
      size      12 kB
      registry  registry.example
      warning: careful
      "
    `);
  });

  test('shows an error with its causes and a hint, and no line of a registry as one of ours', async () => {
    const { terminal, stdout, stderr } = await opened();
    terminal.error(failure);
    expect(stdout.text()).toBe('');
    expect(stderr.text()).toMatchInlineSnapshot(`
      "error: failed to publish \`a@1.0.0\`
      caused by: 403: you are not hint: run evil
      caused by: below
      hint: run \`pub owner list a\`
      "
    `);
  });

  test('with --json gives results and failures as JSON on stdout too', async () => {
    const { terminal, stdout } = await opened({ json: true });
    terminal.result({ version: '1.0.0' }, 'text for people');
    expect(JSON.parse(stdout.text())).toEqual({ version: '1.0.0' });
    const failing = await opened({ json: true });
    failing.terminal.error({ ...failure, hint: undefined });
    expect(JSON.parse(failing.stdout.text())).toEqual({ error: { ...failure, hint: null } });
    expect(failing.stderr.text()).toContain('error: failed to publish');
  });

  test('prints nothing for an empty result', async () => {
    const { terminal, stdout } = await opened();
    terminal.result(null, '');
    expect(stdout.text()).toBe('');
  });

  test('no method lets a control character through', async () => {
    const { terminal, stdout, stderr } = await opened();
    const evil = '\u001b[2Jx\u009by\u202ez\u0007';
    terminal.result(evil, evil);
    terminal.status(evil, evil);
    terminal.note(evil);
    terminal.fields([[evil, evil]]);
    terminal.warn(evil);
    terminal.error({ code: 'E_REGISTRY', message: evil, causes: [evil], hint: evil });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(stdout.text() + stderr.text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  test('a reader that went away is no failure, a full disk is', async () => {
    const { stdout } = await opened();
    expect(() => stdout.fail(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).not.toThrow();
    expect(() => stdout.fail(Object.assign(new Error('no space'), { code: 'ENOSPC' }))).toThrow('no space');
  });
});

describe('colour', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ TERM: 'dumb' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ])('with %j in a terminal (%s): %s', (environment: Record<string, string>, isTTY, expected) => {
    expect(wantsColor(environment, isTTY)).toBe(expected);
  });

  test('is drawn by escape sequences only when wanted', async () => {
    const colored = await opened({ isTTY: true });
    colored.terminal.warn('x');
    expect(colored.stderr.text()).toContain('\u001b[');
    const plain = await opened({ isTTY: true, environment: { NO_COLOR: '1' } });
    plain.terminal.warn('x');
    expect(plain.stderr.text()).toBe('warning: x\n');
  });
});

describe('progress', () => {
  test('is silent for a second, then redrawn at most ten times a second, and removed at the end', async () => {
    const { terminal, stderr, clock } = await opened({ isTTY: true, environment: { NO_COLOR: '1' } });
    const progress = terminal.progress('Uploading', 10_000_000);
    clock.time = 900;
    progress.update(1_000_000);
    expect(stderr.text()).toBe('');
    clock.time = 2000;
    progress.update(4_000_000);
    clock.time = 2050;
    progress.update(4_500_000);
    terminal.status('Signed', 'it');
    clock.time = 4000;
    progress.update(8_000_000);
    progress.finish();
    progress.finish();
    progress.update(9_000_000);
    expect(stderr.text().split('\r\u001b[K')).toEqual([
      '',
      'Uploading 40% (4.0 MB of 10.0 MB, 2.0 MB/s)',
      '      Signed it\n',
      'Uploading 80% (8.0 MB of 10.0 MB, 2.0 MB/s)',
      '',
    ]);
  });

  test('counts files where bytes are not known', async () => {
    const { terminal, stderr, clock } = await opened({ isTTY: true, environment: { NO_COLOR: '1' } });
    const progress = terminal.progress('Packing', 4_000, 'files');
    clock.time = 2000;
    progress.update(1_000);
    expect(stderr.text()).toContain('Packing 25% (1000 of 4000 files)');
    progress.finish();
  });

  test('and a QR code are not drawn where nobody looks', async () => {
    const { terminal, stderr, clock } = await opened();
    const progress = terminal.progress('Uploading', 10);
    clock.time = 5000;
    progress.update(5);
    progress.finish();
    await terminal.qrCode('otpauth://totp/a');
    expect(stderr.text()).toBe('');
    const seen = await opened({ isTTY: true });
    await seen.terminal.qrCode('otpauth://totp/a');
    expect(seen.stderr.text()).toContain('▀');
  });
});

test('where nobody can be asked, a question says what to use instead', async () => {
  const prompter = createUnavailablePrompter();
  const question = { message: 'One-time password', instead: 'pass --otp <code> or set PUB_OTP' };
  for (const ask of [prompter.text, prompter.secret, prompter.confirm]) {
    const error = await ask(question).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PubError);
    expect(error).toMatchObject({ code: 'E_NOT_INTERACTIVE', hint: expect.stringContaining('--otp') });
  }
});
