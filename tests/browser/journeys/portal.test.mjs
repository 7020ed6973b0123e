import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { bringAxe, overhang, violations } from '../harness/looks.mjs';
import { answerProvider, connectButton, progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

const at = (path) => `${world.product.origin}${path}`;
const linkTo = (mail, path) => mail.text.match(new RegExp(`https?://\\S+${path}[\\w-]+`))[0];

/** Joins by the link of a branded invitation; answers the member's id. */
async function join(page, email) {
  await world.api.post('/invitations', { email, role: 'client', workspace_id: world.workspace.id });
  await page.goto(linkTo(await world.sink.next(email), '/join/'));
  await page.locator('#name').fill('Jo Park');
  await page.locator('form button[type=submit]').click();
  await page.waitForURL(/\/portal\/connections$/);
  const { data } = await world.api.get('/members');
  return data.find((member) => member.email === email).id;
}

async function askMember(member, apps) {
  const workflow = await world.api.post('/workflows', {
    workspace_id: world.workspace.id,
    name: 'Weekly report',
    slots: apps.map(({ slug }) => ({ app: slug, scopes: ['openid', 'email'] })),
  });
  const items = workflow.slots.map((slot) => ({ workflow_id: workflow.id, slot_id: slot.id }));
  const request = await world.api.post('/requests', { workspace_id: world.workspace.id, member_id: member, items, send: true });
  return { workflow, request };
}

/** From the page with the button to the provider, and back to a page of the portal. */
async function connect(page, button) {
  await button.click();
  await page.waitForURL(/\/interaction\//);
  await answerProvider(page, 'allow');
  await page.waitForURL(/\/portal\/connections\//);
}

async function fine(page, what) {
  assert.deepEqual(await violations(page), [], what);
  assert.ok(await overhang(page) <= 0, `${what} is wider than the screen`);
}

for (const scripts of [true, false]) {
  test(`a member joins, connects both apps, revokes one and connects it again (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const email = `portal-${scripts}@globex.example`;
    const { page, problems, close, context } = await world.person({ scripts });
    // Axe is a script itself.
    const looks = scripts ? fine : () => {};
    await bringAxe(context);
    const member = await join(page, email);
    await page.getByText('No outstanding connection requests').waitFor();
    await looks(page, 'the empty portal');
    const asked = await askMember(member, [CRM, SHEETS]);
    const mail = await world.sink.next(email);
    assert.ok(mail.text.includes(at('/portal/connections')), mail.text);
    if (!scripts) await page.reload();
    await page.getByText('2 apps awaiting connection').waitFor();
    await looks(page, 'the portal with a request');
    await page.getByRole('link', { name: 'Open Weekly report' }).click();
    await progress(page, 0, 2).waitFor();
    await looks(page, 'the page of a workflow');
    await connect(page, connectButton(page, CRM));
    await progress(page, 1, 2).waitFor();
    await connect(page, connectButton(page, SHEETS));
    await progress(page, 2, 2).waitFor();
    assert.equal((await world.gate(asked)).state, 'open');

    await page.goto(at('/portal/connections'));
    await page.getByText('Connected and working.').first().waitFor();
    await page.getByRole('link', { name: `Manage ${CRM.name}` }).click();
    await page.getByRole('heading', { level: 1, name: CRM.name }).waitFor();
    await looks(page, 'the page of a connection');
    await page.getByRole('link', { name: 'Revoke' }).click();
    await looks(page, 'the question before revoking');
    await page.getByRole('button', { name: `Revoke ${CRM.name}` }).click();
    await page.getByRole('heading', { name: `${CRM.name} is revoked` }).waitFor();
    await looks(page, 'the receipt');
    assert.equal((await world.gate(asked)).state, 'paused');
    await page.getByRole('link', { name: 'Back' }).click();
    await connect(page, page.getByRole('button', { name: 'Reconnect' }));
    await progress(page, 2, 2).waitFor();
    assert.equal((await world.gate(asked)).state, 'open');

    for (const path of ['/portal/activity', '/account', '/account/sessions']) {
      await page.goto(at(path));
      await looks(page, path);
    }
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
    const { page, problems, close, context } = await world.person({ scripts });
    await bringAxe(context);
    await page.goto(linkTo(await world.sink.next(colleague), '/connect/'));
    await connectButton(page, CRM).click();
    await page.waitForURL(/\/interaction\//);
    await answerProvider(page, 'allow');
    await page.waitForURL(/\/connect\/requests\//);
    await page.getByText(/all done/i).first().waitFor();
    if (!scripts) await first.page.reload();
    await progress(first.page, 1, 1).waitFor();
    assert.equal((await world.gate(ask)).state, 'open');

    await page.goto(at('/my-connections'));
    if (scripts) await fine(page, 'the question for the address');
    await page.getByRole('textbox').fill(colleague);
    await page.getByRole('button', { name: 'Send me a link' }).click();
    await page.getByText('a link is on its way there').waitFor();
    await page.goto(linkTo(await world.sink.next(colleague), '/my-connections/open/'));
    await page.getByRole('link', { name: `Manage ${CRM.name}` }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused by you.').waitFor();
    if (scripts) await fine(page, 'a paused connection');
    assert.equal((await world.gate(ask)).state, 'paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Connected and working.').waitFor();
    assert.equal((await world.gate(ask)).state, 'open');
    assert.deepEqual([...first.problems, ...problems], []);
    await first.close();
    await close();
  });
}
