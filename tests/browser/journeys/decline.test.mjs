import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { answerProvider, badge, card, connect, goToProvider, progress } from '../harness/recipient.mjs';
import { BOARD, CRM, SHEETS, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

for (const scripts of [true, false]) {
  const mode = `(scripts ${scripts ? 'on' : 'off'})`;

  test(`who says no at the provider comes back to a sentence and may still say yes ${mode}`, async () => {
    const ask = await world.ask([CRM, SHEETS]);
    const { page, problems, close } = await world.person({ scripts });
    await page.goto(ask.link);
    await goToProvider(page, CRM);
    await answerProvider(page, 'deny');
    await page.waitForURL(/\/connect\/requests\//);
    assert.equal(new URL(page.url()).search, '', 'the way back is a clean address');
    assert.match(await page.getByRole('status').or(page.getByRole('alert')).first().innerText(), /\w+ \w+.*\./);
    await progress(page, 0, 2).waitFor();
    await badge(page, CRM, 'Awaiting authorisation').waitFor();
    assert.deepEqual((await world.request(ask)).items.map(({ status }) => status), ['pending', 'pending']);

    await connect(page, CRM);
    await progress(page, 1, 2).waitFor();
    assert.deepEqual(problems, []);
    await close();
  });

  test(`an app without an OAuth client answers with a page that names it ${mode}`, async () => {
    const ask = await world.ask([BOARD]);
    const { page, problems, close } = await world.person({ scripts });
    await page.goto(ask.link);
    await page.getByRole('button', { name: `Connect ${BOARD.name}` }).click();
    await page.getByRole('heading', { name: new RegExp(BOARD.name) }).waitFor();
    await page.getByText('let them know').waitFor();
    await page.getByRole('link', { name: 'Back to the request' }).click();
    await progress(page, 0, 1).waitFor();
    assert.equal((await world.request(ask)).items[0].status, 'pending');
    assert.deepEqual(problems, []);
    await close();
  });

  test(`who declines an app here is not asked again, and the agency reads why ${mode}`, async () => {
    const ask = await world.ask([CRM, SHEETS]);
    const { page, problems, close } = await world.person({ scripts });
    await page.goto(ask.link);
    await card(page, CRM).getByText("I can't connect this").click();
    await card(page, CRM).getByRole('textbox').fill('Our finance team owns it');
    await card(page, CRM).getByRole('button', { name: `Decline ${CRM.name}` }).click();
    await badge(page, CRM, 'Declined').waitFor();
    await progress(page, 0, 2).waitFor();
    const { items } = await world.request(ask);
    assert.deepEqual(items.map(({ status }) => status), ['declined', 'pending']);
    assert.equal(items[0].reason, 'Our finance team owns it');
    assert.deepEqual(problems, []);
    await close();
  });
}
