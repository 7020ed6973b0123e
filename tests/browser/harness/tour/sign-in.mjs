import { answered } from '../browser.mjs';
import { join } from '../members.mjs';
import { linkTo } from '../world.mjs';

/** The ways in and out of an agency, for everybody. */
export async function walkSignIn(world, options, visit) {
  const at = (path) => `${world.product.origin}${path}`;
  const email = world.address('sign-in');
  const { page, close } = await world.person(options);
  await join(page, await world.invite(email, 'client', 'Jo'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-out$/);
  await visit('out', page);
  await visit('begin', page, await page.goto(at('/sign-in')));
  await page.getByRole('textbox').fill('nobody@');
  await send(page);
  await visit('begin-mistyped', page);
  await page.getByRole('textbox').fill(email);
  await send(page);
  await page.waitForURL(/\/sign-in\/code$/);
  await visit('code', page);
  await page.locator('#code').fill('000000');
  await send(page);
  await visit('code-mistyped', page);
  await visit('link', page, await page.goto(linkTo(await world.sink.next(email), '/sign-in/link/')));
  for (const path of ['/sign-in/password', '/sign-in/passkey', '/sign-in/link/nothing', '/join/nothing']) {
    await visit(path.slice(1).replaceAll('/', '-').replace(/^sign-in-/, ''), page, await page.goto(at(path)));
  }
  await close();
}

/** Past what the browser itself says about a field. */
async function send(page) {
  await page.locator('form').first().evaluate((form) => { form.noValidate = true; });
  await answered(page, () => page.locator('form button[type=submit]').first().click());
}
