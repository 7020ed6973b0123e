import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { answerProvider, badge, card, goToProvider, progress } from '../harness/recipient.mjs';
import { CRM, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

for (const scripts of [true, false]) {
  test(`another account than the expected one is held until the right one comes (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const ask = await world.ask([CRM], { slot: { expected_account: 'reports@globex.example' } });
    const { context, page, problems, close } = await world.person({ scripts });
    await page.goto(ask.link);
    await goToProvider(page, CRM);
    assert.equal(await page.getByLabel('Account').count(), 1);
    await answerProvider(page, 'allow', 'private');

    await page.waitForURL(/\/connect\/requests\//);
    assert.match(await page.getByRole('status').first().innerText(), /another account than .* expected/);
    await badge(page, CRM, 'Held').waitFor();
    await card(page, CRM).getByText('private@globex.example').waitFor();
    await progress(page, 0, 1).waitFor();
    const [held] = (await world.request(ask)).items;
    assert.equal(held.status, 'held');
    assert.equal((await world.gate(ask)).state, 'waiting');

    // The provider remembers who signed in; another account begins with signing out there.
    await context.clearCookies({ domain: '127.0.0.1' });
    await card(page, CRM).getByRole('button', { name: /^Connect another account/ }).click();
    await page.waitForURL(/\/interaction\//);
    await answerProvider(page, 'allow', 'reports');
    await page.waitForURL(/\/connect\/requests\//);
    await badge(page, CRM, 'Connected').waitFor();
    await progress(page, 1, 1).waitFor();
    assert.equal((await world.gate(ask)).state, 'open');
    assert.deepEqual(problems, []);
    await close();

    const [done] = (await world.request(ask)).items;
    const { access_token: token } = await world.api.post(`/connections/${done.connection_id}/access-token`);
    assert.equal((await world.provider.userinfo(token)).account.sub, 'reports');
  });
}
