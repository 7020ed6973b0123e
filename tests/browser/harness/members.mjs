import { answerProvider } from './recipient.mjs';

/** Joins by the link of an invitation, and is where this person's pages begin. */
export async function join(page, link) {
  await page.goto(link);
  await page.locator('#name').fill('Jo Park');
  await page.locator('form button[type=submit]').click();
  await page.waitForURL(/\/(portal\/connections|dashboard)$/);
}

/** The member's id, as the API knows it. */
export async function memberId(world, email) {
  const { data } = await world.api.get('/members');
  return data.find((member) => member.email === email).id;
}

/** From the page of the portal with this button to the provider, and back to one. */
export async function connectInPortal(page, button) {
  await button.click();
  await page.waitForURL(/\/interaction\//);
  await answerProvider(page, 'allow');
  await page.waitForURL(/\/portal\/connections\//);
}
