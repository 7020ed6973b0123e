import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { connectInPortal, join, memberId } from '../harness/members.mjs';
import { answerProvider, connectButton, progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, linkTo, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

const at = (path) => `${world.product.origin}${path}`;

for (const scripts of [true, false]) {
  test(`a member joins, connects both apps, revokes one and connects it again (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const email = `portal-${scripts}@globex.example`;
    const { page, problems, close } = await world.person({ scripts });
    await join(page, await world.invite(email, 'client'));
    await page.getByText('No outstanding connection requests').waitFor();
    const workflow = await world.workflow([CRM, SHEETS]);
    await world.askFor(workflow, { member_id: await memberId(world, email) });
    const mail = await world.sink.next(email);
    assert.ok(mail.text.includes(at('/portal/connections')), mail.text);
    if (!scripts) await page.reload();
    await page.getByText('2 apps awaiting connection').waitFor();
    await page.getByRole('link', { name: 'Open Weekly report' }).click();
    await progress(page, 0, 2).waitFor();
    await connectInPortal(page, connectButton(page, CRM));
    await progress(page, 1, 2).waitFor();
    await connectInPortal(page, connectButton(page, SHEETS));
    await progress(page, 2, 2).waitFor();
    assert.equal((await world.gate({ workflow })).state, 'open');

    await page.goto(at('/portal/connections'));
    await page.getByText('Connected and working.').first().waitFor();
    await page.getByRole('link', { name: `Manage ${CRM.name}` }).click();
    await page.getByRole('heading', { level: 1, name: CRM.name }).waitFor();
    await page.getByRole('link', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: `Revoke ${CRM.name}` }).click();
    await page.getByRole('heading', { name: `${CRM.name} is revoked` }).waitFor();
    assert.equal((await world.gate({ workflow })).state, 'paused');
    await page.getByRole('link', { name: 'Back' }).click();
    await connectInPortal(page, page.getByRole('button', { name: 'Reconnect' }));
    await progress(page, 2, 2).waitFor();
    assert.equal((await world.gate({ workflow })).state, 'open');

    assert.deepEqual(problems, []);
    await close();
  });

  test(`an app is handed on to a colleague, and looked after without an account (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const ask = await world.ask([CRM]);
    const colleague = `kim-${scripts}@globex.example`;
    const first = await world.person({ scripts });
    await first.page.goto(ask.link);
    await first.page.getByText('Not mine: forward it to a colleague').click();
    await first.page.getByLabel('E-mail address of your colleague').fill(colleague);
    await first.page.getByRole('button', { name: `Forward ${CRM.name}` }).click();
    await first.page.getByText(`Your colleague gets an e-mail with a link for ${CRM.name} only.`).waitFor();
    const { page, problems, close } = await world.person({ scripts });
    await page.goto(linkTo(await world.sink.next(colleague), '/connect/'));
    await connectButton(page, CRM).click();
    await page.waitForURL(/\/interaction\//);
    await answerProvider(page, 'allow');
    await page.waitForURL(/\/connect\/requests\//);
    await page.getByText(/all done/i).first().waitFor();
    if (!scripts) await first.page.reload();
    await progress(first.page, 1, 1).waitFor();
    assert.equal((await world.gate(ask)).state, 'open');

    await page.getByRole('link', { name: 'take access back at any time' }).click();
    await page.getByRole('textbox').fill(colleague);
    await page.getByRole('button', { name: 'Send me a link' }).click();
    await page.getByText('a link is on its way there').waitFor();
    await page.goto(linkTo(await world.sink.next(colleague), '/my-connections/open/'));
    await page.getByRole('link', { name: `Manage ${CRM.name}` }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused by you.').waitFor();
    assert.equal((await world.gate(ask)).state, 'paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Connected and working.').waitFor();
    assert.equal((await world.gate(ask)).state, 'open');
    assert.deepEqual([...first.problems, ...problems], []);
    await first.close();
    await close();
  });
}
