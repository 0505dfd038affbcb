import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Debian's; its path, because the library looks for one of its own otherwise. */
const executablePath = '/usr/bin/chromium';

/** Nothing but what a test asks for goes over the network. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real browser with a fresh profile, and an authenticator in software that answers by itself. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The one session with the page's developer tools: ending another one takes the authenticator away. */
  readonly devtools: CDPSession;
  /** What pages complained about so far: a blocked script, a file that is missing. */
  readonly complaints: readonly string[];
}

export async function openBrowser(options: { readonly javaScript?: boolean } = {}): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({ executablePath, args, headless: true });
  const context = await browser.newContext({ javaScriptEnabled: options.javaScript ?? true });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !isStatus(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const devtools = await context.newCDPSession(page);
  await addAuthenticator(devtools);
  return { context, page, devtools, complaints, [Symbol.asyncDispose]: () => browser.close() };
}

/** A refusal of the registry, which the browser reports as a file that did not load. */
function isStatus(text: string): boolean {
  return text.startsWith('Failed to load resource: the server responded with a status of');
}

async function addAuthenticator(devtools: CDPSession): Promise<void> {
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** Logs out, and waits for the answer: a page that is opened before it takes the request back. */
export async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('link', { name: 'Log in', exact: true }).waitFor();
}

const looks = [
  { name: 'light', colorScheme: 'light', width: 1_100, height: 900 },
  { name: 'dark', colorScheme: 'dark', width: 1_100, height: 900 },
  { name: 'phone', colorScheme: 'light', width: 360, height: 740 },
] as const;

/**
 * Looks at the page as it is now in both schemes and at the width of a phone: no violation that axe knows of,
 * and nothing to scroll sideways for. With `PUB_SCREENSHOTS` it leaves pictures in that folder.
 */
export async function inspect(browser: TestBrowser, name: string): Promise<void> {
  const { page } = browser;
  for (const look of looks) {
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(look);
    const place = `${name} (${look.name})`;
    expect(await violations(browser), place).toEqual([]);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width, `${place} scrolls sideways`).toBeLessThanOrEqual(look.width);
    await takePicture(page, `${name}-${look.name}`);
  }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function violations({ page, devtools }: TestBrowser): Promise<string[]> {
  // Not as a script of the page: its policy would refuse that, and is not to be weakened for a test.
  const there = await page.evaluate('typeof axe');
  if (there === 'undefined') await devtools.send('Runtime.evaluate', { expression: axeSource });
  const found = await devtools.send('Runtime.evaluate', {
    expression: `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(' | '))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  return found.result.value as string[];
}

async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env['PUB_SCREENSHOTS'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
