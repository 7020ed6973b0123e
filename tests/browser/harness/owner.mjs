const OWNER = 'ana@northwind.example';

/** A browser of the agency's owner, signed in by the code of a mail, on the console's home page. */
export async function signInOwner(world, options = {}) {
  const person = await world.person(options);
  const { page } = person;
  await page.goto(`${world.product.origin}/sign-in`);
  await page.getByRole('textbox').fill(OWNER);
  await page.locator('form button[type=submit]').first().click();
  await page.waitForURL(/\/sign-in\/code$/);
  const code = await newestCode(world);
  await page.locator('#code').fill(code);
  await page.locator('form button[type=submit]').first().click();
  await page.waitForURL(/\/dashboard$/);
  return person;
}

/** Of the next mail to the owner that holds one: news of another device may come between. */
async function newestCode(world) {
  for (;;) {
    const mail = await world.sink.next(OWNER);
    const code = mail.text.match(/\b(\d{3}) (\d{3})\b/);
    if (code) return code.slice(1).join('');
  }
}
