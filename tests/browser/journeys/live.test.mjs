import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { badge, card, connect, deadLink, progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('a second tab counts along without being loaded again', async () => {
  const ask = await world.ask([CRM, SHEETS]);
  const { context, page, problems, close } = await world.person();
  await page.goto(ask.link);
  const other = await context.newPage();
  await other.goto(page.url());
  await progress(other, 0, 2).waitFor();
  await other.evaluate(() => { window.stillHere = true; });

  await connect(page, CRM);
  await progress(other, 1, 2).waitFor();
  await badge(other, CRM, 'Connected').waitFor();
  assert.equal(await other.evaluate(() => window.stillHere), true, 'the tab was not loaded again');

  await connect(page, SHEETS);
  await progress(other, 2, 2).waitFor();
  await other.getByText(/all done/i).first().waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test('a request that staff cancel shows the open tab that its link is dead', async () => {
  const ask = await world.ask([CRM]);
  const { page, close } = await world.person();
  await page.goto(ask.link);
  await progress(page, 0, 1).waitFor();
  await world.api.post(`/requests/${ask.id}/cancel`);
  await deadLink(page).waitFor();
  await close();
});

test('news does not call back a reader who is on the way to another page', async () => {
  const ask = await world.ask([CRM, SHEETS]);
  const { context, page, problems, close } = await world.person({ prepare: tellNews });
  await page.goto(ask.link);
  const other = await context.newPage();
  await other.goto(page.url());
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route('**/decline', async (route) => {
    await held;
    await route.continue();
  });

  const posted = page.waitForRequest('**/decline');
  await decline(page, CRM);
  await posted;
  const news = page.waitForEvent('console', (message) => /^news .*declined/.test(message.text()));
  await decline(other, SHEETS);
  await badge(other, SHEETS, 'Declined').waitFor();
  await news;
  // The sentence about what happened is for whichever page of this browser is next.
  await other.close();
  release();
  await page.getByText(`You declined ${CRM.name}`).waitFor();
  for (const app of [CRM, SHEETS]) await badge(page, app, 'Declined').waitFor();
  assert.deepEqual(problems, []);
  await close();
});

async function decline(page, app) {
  await card(page, app).getByText("I can't connect this").click();
  await card(page, app).getByRole('button', { name: `Decline ${app.name}` }).click({ noWaitAfter: true });
}

/** A page says on its console what news it is about to show anew. A page that waits for its next address tells it no other way. */
const tellNews = (context) => context.addInitScript(() => {
  const keep = Storage.prototype.setItem;
  Storage.prototype.setItem = function setItem(name, value) {
    keep.call(this, name, value);
    console.log(name, value);
  };
});
