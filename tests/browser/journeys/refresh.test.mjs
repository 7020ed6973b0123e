import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { eventually } from '../harness/net.mjs';
import { connect, progress } from '../harness/recipient.mjs';
import { CRM, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld({ accessTokenSeconds: 3 }); });
after(() => world?.stop());

test('r1_many_engines_at_once_refresh_a_rotating_grant_and_none_kills_it', async () => {
  const ask = await world.ask([CRM]);
  const { page, close } = await world.person();
  await page.goto(ask.link);
  await connect(page, CRM);
  await progress(page, 1, 1).waitFor();
  await close();
  const connection = (await world.request(ask)).items[0].connection_id;

  let token = (await accessToken(connection)).access_token;
  for (let round = 0; round < 2; round += 1) {
    await eventually('the token to run out', async () => (await world.provider.userinfo(token)).status === 401);
    const answers = await Promise.all(Array.from({ length: 12 }, () => accessToken(connection)));
    token = answers.at(-1).access_token;
    // A reused refresh token would have ended the whole grant at the provider.
    assert.equal((await world.provider.userinfo(token)).status, 200);
  }
});

const accessToken = (connection) => world.api.post(`/connections/${connection}/access-token`);
