import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { LEFT_OUT } from '../harness/authority.mjs';
import { signInOwner } from '../harness/owner.mjs';
import { progress } from '../harness/recipient.mjs';
import { AGENCY, CRM, SHEETS, startWorld } from '../harness/world.mjs';

const HOST = 'connect.northwind.example';

let world;
before(async () => { if (!LEFT_OUT) world = await startWorld({ edge: true }); });
after(() => world?.stop());

test('a host of their own is claimed, turns live while its owner looks on, and becomes where pages live', { skip: LEFT_OUT }, async () => {
  const { origin: first } = world.product;
  const own = `https://${HOST}:${world.authority.https}`;
  const owner = await signInOwner(world, { friends: [first] });
  const { page } = owner;
  await page.getByRole('link', { name: 'Domains' }).click();
  await page.locator('#host').fill(HOST);
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('heading', { name: 'Make these records' }).waitFor();
  await page.getByText('Not there yet').first().waitFor();
  const records = await recordsOn(page);
  assert.deepEqual(records.map(({ type, name }) => [type, name]).sort(), [['CNAME', HOST], ['TXT', `_latchkey.${HOST}`]]);
  await assertLetterHolds(page, records);
  await assert.rejects(world.overHttps(HOST), 'nothing answers there before its records are right');

  let loads = 0;
  page.on('load', () => { loads += 1; });
  for (const record of records) await world.authority.put(record);
  await page.getByText(`${HOST} answers with a certificate of its own.`).waitFor();
  const move = page.getByRole('link', { name: 'Move pages here' });
  await move.waitFor();
  assert.equal(loads, 0, 'the page told it by itself');
  const { status, text } = await world.overHttps(HOST);
  assert.equal(status, 200);
  assert.ok(text.includes(AGENCY), text);

  await move.click();
  await page.getByText('Everybody signs in once more, you too').waitFor();
  await page.getByRole('button', { name: `Move pages to ${HOST}` }).click();
  await page.getByText('Now switch the redirect URI of each app below.').waitFor();
  for (const app of [CRM, SHEETS]) await switchRedirect(page, app, [first, own]);
  assert.deepEqual(owner.problems, []);
  await owner.close();

  const ask = await world.ask([CRM, SHEETS]);
  assert.ok(ask.link.startsWith(`${own}/connect/`), ask.link);
  const client = await world.person({ friends: [own] });
  await client.page.goto(ask.link);
  await progress(client.page, 0, 2).waitFor();
  assert.equal(new URL(client.page.url()).origin, own);
  assert.deepEqual(client.problems, []);
  await client.close();
});

/** As the page shows them to be copied. */
async function recordsOn(page) {
  const rows = await page.locator('#state tbody tr').all();
  return Promise.all(rows.map(async (row) => {
    const [name, value] = await row.locator('code').allInnerTexts();
    return { type: await row.locator('strong').innerText(), name, value };
  }));
}

async function assertLetterHolds(page, records) {
  const href = await page.getByRole('link', { name: 'Send this to my IT' }).getAttribute('href');
  const letter = decodeURIComponent(href);
  for (const { type, name, value } of records) {
    for (const part of [type, name, value]) assert.ok(letter.includes(part), `${part} is not in ${letter}`);
  }
}

/** The app's page shows the old redirect URI beside the new one, until it is switched. */
async function switchRedirect(page, app, [before, after]) {
  await page.goto(new URL(`/dashboard/apps/${app.slug}`, page.url()).href);
  const moving = page.locator('section', { has: page.getByRole('heading', { name: 'move the redirect URI too' }) });
  const [now, next] = await moving.locator('code').allInnerTexts();
  assert.ok(now.startsWith(`${before}/oauth/callback/`), now);
  assert.equal(next, now.replace(before, after));
  await moving.getByText('It is registered: switch').click();
  await moving.getByRole('button', { name: 'Switch to the new URI' }).click();
  await moving.waitFor({ state: 'detached' });
  await page.getByText(next).first().waitFor();
}
