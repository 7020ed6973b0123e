import { answerProvider, badge, card, connect, connectButton, deadLink, goToProvider, progress } from '../recipient.mjs';
import { BOARD, CRM, SHEETS, SHOP } from '../world.mjs';

/**
 * Brings a page of each state that a recipient can meet onto the screen, and calls `visit(name, page, response)`.
 * The pages come from the running product and are reached the way a recipient reaches them.
 */
export async function walkLink(world, personOptions, visit) {
  await connectStates(world, personOptions, visit);
  await declineStates(world, personOptions, visit);
  await accountStates(world, personOptions, visit);
  await deadLinkStates(world, personOptions, visit);
  const { page, close } = await world.person(personOptions);
  await visit('not-found', page, await page.goto(`${world.product.origin}/nowhere`));
  await close();
}

async function connectStates(world, personOptions, visit) {
  const ask = await world.ask([CRM, SHEETS]);
  const { page, close } = await world.person(personOptions);
  const response = await page.goto(ask.link);
  await progress(page, 0, 2).waitFor();
  await visit('awaiting', page, response);
  await connect(page, CRM);
  await progress(page, 1, 2).waitFor();
  await visit('half-connected', page);
  await connect(page, SHEETS);
  await progress(page, 2, 2).waitFor();
  await visit('all-done', page);
  await close();
}

async function declineStates(world, personOptions, visit) {
  const ask = await world.ask([CRM, BOARD]);
  const { page, close } = await world.person(personOptions);
  await page.goto(ask.link);
  await goToProvider(page, CRM);
  await answerProvider(page, 'deny');
  await progress(page, 0, 2).waitFor();
  await visit('denied-at-the-provider', page);
  await page.getByRole('button', { name: `Connect ${BOARD.name}` }).click();
  await page.getByRole('link', { name: 'Back to the request' }).waitFor();
  await visit('app-unavailable', page);
  await page.getByRole('link', { name: 'Back to the request' }).click();
  await page.getByText("I can't connect this").first().click();
  await visit('declining', page);
  await page.getByRole('button', { name: `Decline ${CRM.name}` }).click();
  await page.getByText('Declined', { exact: true }).waitFor();
  await visit('declined', page);
  await close();
}

async function accountStates(world, personOptions, visit) {
  const ask = await world.ask([CRM, SHOP], { slot: { expected_account: 'reports@globex.example' } });
  const { page, close } = await world.person({ ...personOptions, friends: [] });
  await page.goto(ask.link);
  await connect(page, CRM);
  await badge(page, CRM, 'Held').waitFor();
  await visit('held', page);
  await card(page, SHOP).getByRole('textbox').first().fill('not a shop');
  await connectButton(page, SHOP).click();
  await card(page, SHOP).getByText(/^This .*for example/).waitFor();
  await visit('mistyped', page);
  await close();
}

async function deadLinkStates(world, personOptions, visit) {
  const ask = await world.ask([CRM]);
  await world.api.post(`/requests/${ask.id}/link`);
  const { page, close } = await world.person(personOptions);
  const response = await page.goto(ask.link);
  await deadLink(page).waitFor();
  await visit('dead-link', page, response);
  await page.getByRole('button', { name: 'Send me a fresh link' }).click();
  await page.getByText('a fresh link is on its way').waitFor();
  await visit('fresh-link-sent', page);
  await close();
}
