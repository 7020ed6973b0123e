import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { DATABASES } from '../harness/database.mjs';
import { badge, connect, connectButton, progress } from '../harness/recipient.mjs';
import { AGENCY, CRM, SHEETS, linkIn, startWorld } from '../harness/world.mjs';

for (const database of DATABASES) {
  describe(`from the mail to the open gate, on ${database}`, () => {
    let world;
    test('the product starts', async () => { world = await startWorld({ database }); });

    for (const scripts of [true, false]) {
      test(`two apps are connected with scripts ${scripts ? 'on' : 'off'}, and the workflow may run`, async () => {
        await wholeWay(world, scripts);
      });
    }

    test('a revoked connection ends at the provider too and pauses the gate', () => revoked(world));
    test('the program ends cleanly when asked to', () => world.stop());
  });
}

async function wholeWay(world, scripts) {
  const ask = await world.ask([CRM, SHEETS]);
  assert.equal(ask.created.status, 'sent');
  assert.equal((await world.gate(ask)).state, 'waiting');
  mailIsBranded(ask);

  const { page, problems, close } = await world.person({ scripts });
  await page.goto(ask.link);
  assert.equal(new URL(page.url()).pathname, `/connect/requests/${ask.id}`, 'the secret left the address bar');
  assert.equal(await page.title(), `Connect an app · ${AGENCY}`);
  await page.getByRole('heading', { level: 1, name: `${AGENCY} needs you to connect 2 apps` }).waitFor();
  await page.getByRole('heading', { name: 'Apps to connect' }).waitFor();
  await page.getByText('For your Monday report').waitFor();
  await progress(page, 0, 2).waitFor();
  await badge(page, CRM, 'Awaiting authorisation').waitFor();

  await connect(page, CRM);
  await progress(page, 1, 2).waitFor();
  await badge(page, CRM, 'Connected').waitFor();
  assert.equal(await connectButton(page, CRM).count(), 0);
  assert.equal((await world.gate(ask)).state, 'waiting');

  await connect(page, SHEETS);
  await progress(page, 2, 2).waitFor();
  await page.getByText(/all done/i).first().waitFor();
  assert.deepEqual(problems, []);
  await close();

  const done = await world.request(ask);
  assert.equal(done.status, 'completed');
  assert.equal((await world.gate(ask)).state, 'open');
  for (const item of done.items) await credentialWorks(world, item.connection_id);
}

function mailIsBranded({ mail, link }) {
  assert.equal(mail.subject, `Action required: ${AGENCY} needs you to connect ${CRM.name} and ${SHEETS.name}`);
  assert.match(mail.from.text, new RegExp(AGENCY));
  for (const part of [mail.text, mail.html]) {
    for (const words of [AGENCY, CRM.name, SHEETS.name, 'For your Monday report']) assert.ok(part.includes(words), words);
  }
  assert.equal(linkIn(mail), link);
  const buttons = [...mail.html.matchAll(/href="(https?:[^"]+)"/g)].map(([, target]) => target);
  assert.deepEqual([...new Set(buttons)], [link], 'the mail holds one link');
  assert.doesNotMatch(mail.raw.replace(/lk_link_/g, ''), /latchkey/i);
}

async function credentialWorks(world, connection) {
  const token = await world.api.post(`/connections/${connection}/access-token`);
  assert.equal(token.token_type, 'Bearer');
  assert.ok(Date.parse(token.expires_at) > Date.now());
  assert.deepEqual([...token.scopes].sort(), ['email', 'openid']);
  const { status, account } = await world.provider.userinfo(token.access_token);
  assert.equal(status, 200);
  assert.equal(account.sub, 'jo');
}

async function revoked(world) {
  const ask = await world.ask([CRM]);
  const { page, close } = await world.person();
  await page.goto(ask.link);
  await connect(page, CRM);
  await progress(page, 1, 1).waitFor();
  await close();
  const connection = (await world.request(ask)).items[0].connection_id;
  const { access_token: token } = await world.api.post(`/connections/${connection}/access-token`);

  const answer = await world.api.delete(`/connections/${connection}`);
  assert.equal(answer.status, 'revoked');
  assert.equal(answer.receipt.provider, 'revoked');
  assert.equal((await world.provider.userinfo(token)).status, 401);
  assert.equal((await world.gate(ask)).state, 'paused');
  const refused = await world.api.call('POST', `/connections/${connection}/access-token`, {});
  assert.equal(refused.status, 409);
  assert.equal(refused.body.code, 'reconnect_required');
}
