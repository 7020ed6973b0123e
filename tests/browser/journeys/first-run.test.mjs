import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { LOOKS, bringAxe, findings, lookAt } from '../harness/looks.mjs';
import { signInOwner } from '../harness/owner.mjs';
import { connect, progress } from '../harness/recipient.mjs';
import { linkIn, startWorld } from '../harness/world.mjs';

const CLIENT = 'jo@globex.example';
const CRM = { slug: 'acme-crm', name: 'Acme CRM' };

let world;
before(async () => { world = await startWorld({ fresh: true }); });
after(() => world?.stop());

const at = (path) => `${world.product.origin}${path}`;

async function looksGood(page, where) {
  assert.deepEqual(await findings(page), [], where);
  await lookAt(page, LOOKS[0]);
}

test('an owner gets from nothing to a client who connected', async () => {
  const { page, problems, close } = await signInOwner(world, { prepare: bringAxe });
  await page.getByRole('heading', { name: 'First steps: Your name and colour' }).waitFor();
  await page.getByRole('link', { name: 'Go on' }).click();
  await looksGood(page, 'first steps');
  await page.getByRole('button', { name: /^Pass over ?: Your name and colour$/ }).click();
  await page.getByText('Passed over. You can come back to it.').waitFor();
  await page.getByRole('button', { name: 'Close this list' }).click();
  await page.getByText('The first steps are closed.').waitFor();
  await page.getByRole('link', { name: 'First steps', exact: true }).click();
  await page.getByRole('button', { name: 'Take it up again' }).click();
  await page.getByText('Here it is again.').waitFor();
  await page.locator('#name').fill('Northwind & Co');
  await page.locator('#color').fill('#635bff');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('1 of 4 steps done').waitFor();

  await page.getByRole('link', { name: 'Choose an app' }).click();
  await looksGood(page, 'apps');
  await page.getByRole('link', { name: 'Add an app of your own' }).click();
  await looksGood(page, 'an app of their own');
  await page.getByLabel('Name', { exact: true }).fill(CRM.name);
  await page.getByLabel('Short name').fill(CRM.slug);
  await page.locator('#issuer').fill(world.provider.issuer);
  await page.getByRole('button', { name: 'Add the app' }).click();
  await page.getByRole('heading', { name: 'Register this redirect URI' }).waitFor();
  const redirectUri = await page.locator('code', { hasText: '/oauth/callback/' }).first().innerText();
  const client = { clientId: 'client-of-ana', clientSecret: randomUUID(), redirectUri };
  await world.provider.register(client);
  await page.locator('#client_id').fill(client.clientId);
  await page.locator('#client_secret').fill('not-the-secret');
  await page.getByRole('button', { name: 'Store' }).click();
  await page.getByRole('button', { name: 'Test the OAuth client' }).click();
  await page.getByText('The provider rejects the client ID or the secret').waitFor();
  await page.locator('#client_secret').fill(client.clientSecret);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Test the OAuth client' }).click();
  await page.getByText('The provider knows this client ID and its secret.').waitFor();
  await looksGood(page, 'an app');

  await page.getByRole('link', { name: 'Back to the first steps' }).click();
  await page.getByLabel('Client', { exact: true }).fill('Globex');
  await page.getByLabel('Workflow', { exact: true }).fill('Weekly report');
  await page.getByRole('button', { name: 'Add them' }).click();
  await page.getByText('3 of 4 steps done').waitFor();
  await page.locator('#email').fill(CLIENT);
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.waitForURL(/\/dashboard\/requests\/req_/);
  await page.goto(at('/dashboard/start'));
  await page.getByText('4 of 4 steps done').waitFor();
  assert.deepEqual(problems, []);
  await close();

  const jo = await world.person();
  await jo.page.goto(linkIn(await world.sink.next(CLIENT)));
  await connect(jo.page, CRM);
  await progress(jo.page, 1, 1).waitFor();
  assert.deepEqual(jo.problems, []);
  await jo.close();
});

for (const scripts of [true, false]) {
  test(`a host of their own is claimed, with its records to copy (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const { page, problems, close } = await signInOwner(world, { scripts, ...(scripts ? { prepare: bringAxe } : {}) });
    await page.goto(at('/dashboard/domains'));
    await page.locator('#host').fill(`connect-${scripts}.northwind.example`);
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('heading', { name: 'Make these records' }).waitFor();
    assert.match(await page.locator('#state').innerText(), new RegExp(`_latchkey\\.connect-${scripts}\\.northwind\\.example`));
    const letter = await page.getByRole('link', { name: 'Send this to my IT' }).getAttribute('href');
    assert.match(decodeURIComponent(letter), /Type: {2}CNAME/);
    if (scripts) {
      await looksGood(page, 'a domain');
      await page.getByRole('button', { name: 'Copy' }).first().waitFor();
    }
    assert.deepEqual(problems, []);
    await close();
  });
}
