/** What a recipient does and sees, in their words. */

export const card = (page, app) => page.getByRole('article', { name: app.name, exact: true });

/** The badge on an app's card, as a text: `Awaiting authorisation`, `Connected` ... */
export const badge = (page, app, text) => card(page, app).getByText(text, { exact: true });

export const connectButton = (page, app) => page.getByRole('button', { name: `Connect ${app.name}`, exact: true });

/** Presses `Connect {app}` and waits until the provider shows one of its pages. */
export async function goToProvider(page, app) {
  await connectButton(page, app).click();
  await page.waitForURL(/\/interaction\//);
}

/** Signs in at the provider where it asks, then answers its consent page: `allow` or `deny`. */
export async function answerProvider(page, answer, account = 'jo') {
  const name = page.getByLabel('Account');
  if (await name.count()) {
    await name.fill(account);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Allow access' }).waitFor();
  }
  await page.getByRole('button', { name: answer === 'allow' ? 'Allow' : 'Deny' }).click();
}

/** The whole way: button, consent, and back on the request's page. */
export async function connect(page, app) {
  await goToProvider(page, app);
  await answerProvider(page, 'allow');
  await page.waitForURL(/\/connect\/requests\//);
}

/** The line that counts, for example `1 of 2 connected`. */
export const progress = (page, fulfilled, total) => page.getByText(`${fulfilled} of ${total} connected`, { exact: true });

/** The heading of the one page that answers every dead link. */
export const deadLink = (page) => page.getByRole('heading', { name: /^This link can.t be opened\.$/ });

/** The words of a page as a person reads them. */
export async function words(page) {
  return (await page.locator('body').innerText()).replace(/\s+/g, ' ').trim();
}
