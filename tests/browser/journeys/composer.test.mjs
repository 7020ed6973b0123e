import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { signInOwner } from '../harness/owner.mjs';
import { connect, progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, linkIn, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

const at = (path) => `${world.product.origin}${path}`;

for (const scripts of [true, false]) {
  test(`the owner writes a request, sees what the client will see, and the client connects (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const workflow = await world.workflow([CRM, SHEETS]);
    const owner = await signInOwner(world, { scripts });
    const { page } = owner;
    await page.goto(at(`/dashboard/workflows/${workflow.id}`));
    await page.getByRole('link', { name: 'Ask for what is missing' }).click();
    const email = `kim-${scripts}@globex.example`;
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Name').fill('Kim');
    await page.getByLabel('Note').fill('For your Monday report');
    await previews(page);
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByRole('heading', { level: 1, name: 'Request to Kim' }).waitFor();
    const request = page.url();

    const mail = await world.sink.next(email);
    const client = await world.person({ scripts });
    await client.page.goto(linkIn(mail));
    await client.page.getByText('For your Monday report').waitFor();
    await connect(client.page, CRM);
    await connect(client.page, SHEETS);
    await progress(client.page, 2, 2).waitFor();
    assert.deepEqual(client.problems, []);
    await client.close();

    await page.goto(request);
    await page.getByText('Completed', { exact: true }).first().waitFor();
    await page.getByText('2 of 2 connected').waitFor();
    await page.getByText('Opened by the client').waitFor();
    await page.getByText(`${SHEETS.name} connected`).waitFor();
    assert.deepEqual(owner.problems, []);
    await owner.close();
  });
}

/** The frame shows the mail, then the page, each as the client will see it. */
async function previews(page) {
  const frame = page.frameLocator('iframe[name=preview]');
  await page.getByRole('button', { name: 'Preview the mail' }).click();
  await frame.getByText('For your Monday report').waitFor();
  await page.getByRole('button', { name: 'Preview the page' }).click();
  await frame.getByRole('button', { name: `Connect ${CRM.name}`, exact: true }).waitFor();
}
