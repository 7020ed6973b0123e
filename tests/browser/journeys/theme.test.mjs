import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { signInOwner } from '../harness/owner.mjs';
import { progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, startWorld } from '../harness/world.mjs';

const [ORANGE, BLUE] = ['#c2410c', '#1d4ed8'];
const LOGO = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" rx="8" fill="#c2410c"/></svg>');

let world;
let ask;
before(async () => {
  world = await startWorld();
  ask = await world.ask([CRM, SHEETS]);
});
after(() => world?.stop());

const at = (path) => `${world.product.origin}${path}`;

test('a brand kit becomes the page that clients see, a second version takes its place, and the first one comes back', async () => {
  const preview = world.product.origin.replace('northwind.', 'preview.');
  const { page, problems, close } = await signInOwner(world, { friends: [world.product.origin, preview] });
  const first = await makeDraft(page, ORANGE);
  await lookAtDraft(page);
  assert.notEqual((await clientSees()).accent, ORANGE, 'a draft changes nothing');
  await publish(page, 'Publish');
  assert.deepEqual(await clientSees(), { accent: ORANGE, logo: true });

  await fineTune(page);
  const second = await makeDraft(page, BLUE);
  await page.getByRole('link', { name: 'Compare with what is published' }).click();
  await page.getByRole('heading', { name: 'What differs' }).waitFor();
  await page.getByRole('cell', { name: ORANGE }).first().waitFor();
  await page.goto(second);
  await publish(page, 'Publish');
  assert.deepEqual(await clientSees(), { accent: BLUE, logo: true });

  await page.goto(first);
  await publish(page, 'Publish it again');
  assert.deepEqual(await clientSees(), { accent: ORANGE, logo: true });
  await page.goto(at('/dashboard/theme'));
  await page.getByRole('button', { name: 'Back to the plain theme' }).click();
  await page.getByText('Your clients see the theme that everybody starts with, in your colour.').waitFor();
  assert.deepEqual(await clientSees(), { accent: ORANGE, logo: false });
  assert.deepEqual(problems, []);
  await close();
});

/** From the brand kit; the logo of the version before stays. Answers the draft's address. */
async function makeDraft(page, color) {
  await page.goto(at('/dashboard/theme'));
  await page.locator('#color').fill(color);
  await page.locator('#palette').getByText('passes').first().waitFor();
  if (color === ORANGE) await page.locator('#logo').setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: LOGO });
  await page.getByRole('button', { name: 'Make a draft and look at it' }).click();
  await page.waitForURL(/\/dashboard\/theme\/versions\/thm_\w+$/);
  return page.url();
}

/** As another page of it, in the dark and on a phone. */
async function lookAtDraft(page) {
  const heading = page.frameLocator('iframe').getByRole('heading', { level: 1 });
  await heading.waitFor();
  const before = await heading.innerText();
  await page.getByLabel('Page or mail').selectOption({ label: 'dead link: plain' });
  await page.getByLabel('Mode').selectOption('dark');
  await page.getByLabel('Width').selectOption('320');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForURL(/mode=dark/);
  await heading.waitFor();
  assert.notEqual(await heading.innerText(), before);
}

async function publish(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByText('It is published').waitFor();
}

/** Each colour says whether it can be read, and one that cannot is refused where it was typed. */
async function fineTune(page) {
  await page.getByRole('link', { name: 'Fine-tune colours' }).click();
  await page.getByText('passes').first().waitFor();
  assert.equal(await page.getByText('fails').count(), 0);
  const text = page.getByLabel('Text, light', { exact: true });
  await text.fill('#cccccc');
  await page.getByRole('button', { name: 'Check the contrast' }).click();
  await page.getByText('fails').first().waitFor();
  await page.getByRole('button', { name: 'Make a draft' }).click();
  await page.getByText(/^Text on .* needs 7\. Nearest that is enough: #/).first().waitFor();
  assert.equal(await text.inputValue(), '#cccccc');
  await text.fill('#10243a');
  await page.getByRole('button', { name: 'Make a draft' }).click();
  await page.getByText('A draft with these colours').waitFor();
}

/** The light link page of somebody who was asked before all this. */
async function clientSees() {
  const client = await world.person();
  await client.page.goto(ask.link);
  await progress(client.page, 0, 2).waitFor();
  const seen = await client.page.evaluate(() => ({
    accent: getComputedStyle(document.documentElement).getPropertyValue('--accent').toLowerCase().match(/#[0-9a-f]{6}/)[0],
    logo: Boolean(document.querySelector('header img')?.naturalWidth),
  }));
  assert.deepEqual(client.problems, []);
  await client.close();
  return seen;
}
