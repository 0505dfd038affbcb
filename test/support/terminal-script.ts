import { PubError } from '../../src/errors.ts';
import { createPrompter } from '../../src/terminal/inquirer-prompter.ts';
import { createTerminal } from '../../src/terminal/stream-terminal.ts';

/** What a person at a terminal sees of our terminal and prompter, without a command around it. */
const [scene] = process.argv.slice(2);
const { stdin, stdout, stderr, env: environment } = process;
const terminal = await createTerminal({ stdout, stderr, environment, json: false });
const prompter = createPrompter({ input: stdin, output: stderr, openPage: async () => {} });
const instead = 'use --answer';

const scenes: Record<string, () => Promise<void>> = {
  async secret() {
    const secret = await prompter.secret({ message: 'Password:', instead });
    terminal.result(null, `length ${secret.expose().length}`);
  },
  async text() {
    const name = await prompter.text({ message: 'User \u001b[2Jname:', instead });
    terminal.result(null, `hello ${name}`);
  },
  async confirm() {
    terminal.result(null, String(await prompter.confirm({ message: 'Sure?', instead })));
  },
  async colors() {
    terminal.status('Packed', 'a-1.0.0.tgz');
    terminal.warn('careful');
  },
  async progress() {
    const progress = terminal.progress('Uploading', 10_000_000);
    for (let part = 0; part <= 30; part += 1) {
      progress.update(part * 200_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    progress.finish();
    terminal.status('Uploaded', 'it');
  },
  async qr() {
    await terminal.qrCode('otpauth://totp/registry.example:alice?secret=JBSWY3DPEHPK3PXP');
  },
  async lines() {
    for (let line = 0; line < 50_000; line += 1) stdout.write(`line ${line}\n`);
    terminal.result(null, 'the end');
  },
};

try {
  await scenes[scene ?? '']?.();
} catch (error) {
  if (!(error instanceof PubError)) throw error;
  terminal.error({ code: error.code, message: error.message, causes: [], hint: error.hint });
  process.exitCode = error.code === 'E_INTERRUPTED' ? 130 : 1;
}
