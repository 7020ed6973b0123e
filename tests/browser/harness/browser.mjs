import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // Names that nobody can have are this machine's; those of real providers lead nowhere, and Chromium does not ask for them.
  '--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
];

/** `trusts`: the key, as SHA-256 in base64, of an authority whose certificates are taken beside the usual ones. */
export function launchBrowser({ trusts } = {}) {
  const args = trusts ? [...FLAGS, `--ignore-certificate-errors-spki-list=${trusts}`] : FLAGS;
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
}

/** Does what leads to another page, and waits until that is there. */
export async function answered(page, act) {
  const loaded = page.waitForEvent('load');
  await act();
  await loaded;
}

/**
 * One person's browser: their own cookies, one page to start with. `problems` collects what a page may not do:
 * script errors, refused content, and requests to anybody but its `friends`. `prepare` gets the context first.
 */
export async function openPerson(browser, { scripts = true, friends = [], problems = [], prepare = () => {}, ...options } = {}) {
  const context = await browser.newContext({ javaScriptEnabled: scripts, ...options });
  // Far above what anything takes; a busy machine is no failure.
  context.setDefaultTimeout(40_000);
  const watch = (page) => {
    page.on('pageerror', ({ message }) => {
      // The animation between two pages is the browser's own, and it tells so when it leaves one out.
      if (!/^Transition was (skipped|aborted)/.test(message)) problems.push(`script error: ${message}`);
    });
    page.on('console', (message) => {
      // The status of the page itself is for the test to judge, and Chromium reports it as a console error too.
      if (message.type() === 'error' && !/the server responded with a status of/.test(message.text())) problems.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && friends.length && !friends.includes(origin)) problems.push(`request to ${origin}`);
    });
  };
  context.on('page', watch);
  await prepare(context);
  const page = await context.newPage();
  return { context, page, problems, close: () => context.close() };
}
