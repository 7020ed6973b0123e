import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { exchange } from '../harness/net.mjs';
import { answerProvider, goToProvider, progress } from '../harness/recipient.mjs';
import { CRM, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('o6_a_start_address_forwarded_to_another_browser_is_refused', async () => {
  const ask = await world.ask([CRM]);
  const attacker = await world.person();
  await attacker.page.goto(ask.link);
  const authorize = await startAddress(attacker.page);

  const victim = await world.person();
  await victim.page.goto(authorize);
  const refusal = victim.page.waitForResponse((response) => new URL(response.url()).pathname.startsWith('/oauth/callback/'));
  await answerProvider(victim.page, 'allow', 'victim');
  const answer = await refusal;
  assert.ok(answer.status() >= 400 || answer.status() === 303, `the callback answered ${answer.status()}`);
  await pendingAndWithoutConnection(ask);
  await victim.close();
  await attacker.close();
});

test('o6_a_link_session_of_their_own_does_not_help_the_other_browser', async () => {
  const ask = await world.ask([CRM]);
  const [attacker, victim] = [await world.person(), await world.person()];
  await attacker.page.goto(ask.link);
  await victim.page.goto(ask.link);
  await victim.page.goto(await startAddress(attacker.page));
  await answerProvider(victim.page, 'allow', 'victim');
  await victim.page.waitForURL((url) => url.origin === world.product.origin);
  await pendingAndWithoutConnection(ask);
  await victim.close();
  await attacker.close();
});

test('o3_a_callback_address_works_once', async () => {
  const ask = await world.ask([CRM]);
  const { page, close } = await world.person();
  await page.goto(ask.link);
  await goToProvider(page, CRM);
  const callback = page.waitForRequest((request) => new URL(request.url()).pathname.startsWith('/oauth/callback/'));
  await answerProvider(page, 'allow');
  const address = (await callback).url();
  await progress(page, 1, 1).waitFor();
  const connection = (await world.request(ask)).items[0].connection_id;

  await page.goto(address);
  assert.equal((await world.request(ask)).items[0].connection_id, connection);
  assert.equal((await world.request(ask)).fulfilled, 1);
  await world.api.post(`/connections/${connection}/access-token`);
  await close();
});

test('w6_a_start_without_the_page_is_refused', async () => {
  const ask = await world.ask([CRM]);
  const path = `/connect/items/${ask.created.items[0].id}/start`;
  const answer = await exchange(world.product.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
    body: 'csrf=guess',
  });
  assert.ok(answer.status >= 400 && answer.status < 500, `answered ${answer.status}`);
});

/** Presses the button, and answers the address at the provider that the browser was sent to. */
async function startAddress(page) {
  const sent = page.waitForRequest((request) => request.url().startsWith(`${world.provider.issuer}/auth?`));
  await goToProvider(page, CRM);
  return (await sent).url();
}

async function pendingAndWithoutConnection(ask) {
  const [item] = (await world.request(ask)).items;
  assert.equal(item.status, 'pending');
  assert.ok(!item.connection_id);
  assert.equal((await world.gate(ask)).state, 'waiting');
}
