import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { badge, connect, deadLink, progress } from '../harness/recipient.mjs';
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
