import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { exchange } from '../harness/net.mjs';
import { connect, deadLink, progress, words } from '../harness/recipient.mjs';
import { CRM, linkIn, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('a resend mails a new link, and the old one is dead at once', async () => {
  const ask = await world.ask([CRM]);
  await world.api.post(`/requests/${ask.id}/resend`);
  const fresh = linkIn(await world.sink.next(ask.email));
  assert.notEqual(fresh, ask.link);

  const { page, close } = await world.person();
  await page.goto(ask.link);
  await deadLink(page).waitFor();
  await page.goto(fresh);
  await progress(page, 0, 1).waitFor();
  await close();
});

for (const scripts of [true, false]) {
  test(`a dead link page mails a fresh link to the first address only (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const ask = await world.ask([CRM]);
    await world.api.post(`/requests/${ask.id}/link`);

    const { page, problems, close } = await world.person({ scripts });
    await page.goto(ask.link);
    await deadLink(page).waitFor();
    await page.getByRole('button', { name: 'Send me a fresh link' }).click();
    await page.getByText('a fresh link is on its way').waitFor();
    const fresh = linkIn(await world.sink.next(ask.email));
    await page.goto(fresh);
    await connect(page, CRM);
    await progress(page, 1, 1).waitFor();
    assert.deepEqual(problems, []);
    await close();
  });
}

test('cancelled, replaced and made-up links cannot be told apart', async () => {
  const cancelled = await world.ask([CRM]);
  await world.api.post(`/requests/${cancelled.id}/cancel`);
  const replaced = await world.ask([CRM]);
  await world.api.post(`/requests/${replaced.id}/link`);
  const last = replaced.link.at(-1) === 'A' ? 'Q' : 'A';
  const madeUp = replaced.link.slice(0, -1) + last;

  const seen = [];
  for (const link of [cancelled.link, replaced.link, madeUp]) {
    const { page, close } = await world.person();
    const response = await page.goto(link);
    await deadLink(page).waitFor();
    const before = await words(page);
    const path = new URL(page.url()).pathname.replace(new URL(link).pathname, '{link}');
    await page.getByRole('button', { name: 'Send me a fresh link' }).click();
    await page.getByText('a fresh link is on its way').waitFor();
    seen.push({ status: response.status(), path, before, after: await words(page) });
    await close();
  }
  assert.deepEqual(seen[1], seen[0]);
  assert.deepEqual(seen[2], seen[0]);

  await world.sink.next(replaced.email);
  assert.equal(world.sink.mails.filter(({ to, subject }) => to.includes(cancelled.email) && /Action required/.test(subject)).length, 1,
    'a cancelled request mails no fresh link');
});

test('an address that leads nowhere answers 404 in the agency\'s brand', async () => {
  const answer = await exchange(`${world.product.origin}/nowhere`);
  assert.equal(answer.status, 404);
  assert.match(answer.text, /Northwind Automations/);
});
