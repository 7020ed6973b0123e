import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launchBrowser, openPerson } from '../harness/browser.mjs';
import { startDemo } from '../harness/demo.mjs';
import { bringAxe, findings, isOfTests } from '../harness/looks.mjs';
import { exchange, freePort } from '../harness/net.mjs';
import { badge, card, connectButton, progress } from '../harness/recipient.mjs';

const APPS = [{ name: 'Acme CRM' }, { name: 'Sheetly' }];

let browser;
let directory;
let demo;
before(async () => {
  browser = await launchBrowser();
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'latchkey-demo-'));
  demo = await startDemo(directory, { port: await freePort() });
});
after(async () => {
  await browser?.close();
  await demo?.stop();
  await fs.rm(directory, { recursive: true, force: true });
});

test('the demo leads from its guide to a token, and is all there after a restart', async () => {
  const { context, page: guide, problems, close } = await openPerson(browser);
  await guide.goto(demo.guide);
  await guide.getByText('0 of 2 connected').first().waitFor();
  await guide.getByText('gate is waiting').waitFor();

  const page = await openMail(context, guide);
  await progress(page, 0, 2).waitFor();
  await answer(page, APPS[0], 'Deny');
  assert.match(await page.getByRole('status').first().innerText(), /Acme CRM was not connected/);
  await answer(page, APPS[0], 'Allow');
  await progress(page, 1, 2).waitFor();
  await answer(page, APPS[1], 'Allow', 'Sam Okafor');
  await progress(page, 2, 2).waitFor();
  await page.getByRole('heading', { name: 'All done' }).waitFor();
  await card(page, APPS[1]).getByText('sam@globex.example').waitFor();

  await guide.goto(demo.guide);
  await guide.getByText('2 of 2 connected').first().waitFor();
  await guide.getByText('gate is open').waitFor();
  const shown = await shownCommands(guide);
  assert.equal(await tokenOf(shown), 'jo@globex.example');

  await demo.stop();
  const first = demo;
  demo = await startDemo(directory);
  assert.equal(demo.guide, first.guide, 'it is where it was');
  await page.reload();
  await progress(page, 2, 2).waitFor();
  await badge(page, APPS[0], 'Connected').waitFor();
  await guide.reload();
  await guide.getByText('gate is open').waitFor();
  assert.equal(await tokenOf(shown), 'jo@globex.example');

  assert.equal((await ask('DELETE', shown.revoke, shown.authorization)).status, 200);
  await guide.reload();
  await guide.getByText('gate is paused').waitFor();
  assert.deepEqual(problems.filter((problem) => !isOfTests(problem)), []);
  await close();
});

test('the pages around the product are accessible too, and fit a phone', async () => {
  const { context, page: guide, close } = await openPerson(browser, { prepare: bringAxe });
  const look = async (name, page) => assert.deepEqual(await findings(page), [], name);
  await demo.stop();
  demo = await startDemo(directory, { fresh: true });
  // The guide loads itself anew from time to time, which would break off a check.
  await guide.route(demo.guide, withoutRefresh);
  await guide.goto(demo.guide);
  await look('guide', guide);
  await guide.goto(demo.mailbox);
  await look('mailbox', guide);
  await guide.goto(demo.guide);
  const page = await openMail(context, guide);
  await look('mail', guide);
  await connectButton(page, APPS[0]).click();
  await page.getByRole('button', { name: 'Allow' }).waitFor();
  await look('consent', page);
  await page.getByRole('button', { name: 'Allow' }).click();
  await progress(page, 1, 2).waitFor();
  await page.goto(demo.provider);
  await look('connected programs', page);
  await close();
});

/** From the guide to the mail, and with its button, inside the frame that shows it, to the request's page in a tab of its own. */
async function openMail(context, guide) {
  await guide.getByRole('link', { name: 'Read the newest mail' }).click();
  const opened = context.waitForEvent('page');
  await guide.frameLocator('iframe').getByRole('link', { name: 'Connect 2 apps' }).click();
  const page = await opened;
  await page.waitForURL(/\/connect\/requests\//);
  return page;
}

async function answer(page, app, decision, account) {
  await connectButton(page, app).click();
  if (account) await page.getByRole('radio', { name: account }).check();
  await page.getByRole('button', { name: decision, exact: true }).click();
  await page.waitForURL(/\/connect\/requests\//);
}

/** What the guide tells to type, as addresses and headers. */
async function shownCommands(guide) {
  const text = (await guide.locator('pre').allInnerTexts()).join('\n');
  const api = text.match(/^api=(\S+)$/m)[1];
  const address = (pattern) => text.match(pattern)[1].replace('$api', api);
  return {
    authorization: text.match(/^auth="Authorization: (Bearer lk_[\w-]+)"$/m)[1],
    token: address(/curl -X POST -H "\$auth" "(\S+access-token)"/),
    userinfo: address(/(http:\S+\/userinfo)/),
    revoke: address(/curl -X DELETE -H "\$auth" "(\S+)"/),
  };
}

/** Fetches a token as shown, and answers whose it is. */
async function tokenOf({ authorization, token, userinfo }) {
  const fetched = await ask('POST', token, authorization);
  assert.equal(fetched.status, 200, fetched.text);
  const account = await ask('GET', userinfo, `Bearer ${JSON.parse(fetched.text).access_token}`);
  assert.equal(account.status, 200, account.text);
  return JSON.parse(account.text).email;
}

const ask = (method, address, authorization) => exchange(address, { method, headers: { authorization } });

async function withoutRefresh(route) {
  const { status, headers, text } = await exchange(route.request().url());
  await route.fulfill({ status, headers, body: text.replace(/<meta http-equiv="refresh"[^>]*>/, '') });
}
