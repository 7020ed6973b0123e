import { connectInPortal, join, memberId } from '../members.mjs';
import { connect, connectButton, progress } from '../recipient.mjs';
import { CRM, SHEETS, linkTo } from '../world.mjs';

/** What members of a workspace see, and people without an account, and the pages of one's own account. */
export async function walkPortal(world, options, visit) {
  await memberPages(world, options, visit);
  await ownPages(world, options, visit);
}

async function memberPages(world, options, visit) {
  const { origin } = world.product;
  const email = world.address('portal');
  const { page, close } = await world.person(options);
  const link = await world.invite(email, 'client', 'Jo');
  await visit('join', page, await page.goto(link));
  await join(page, link);
  await visit('empty', page);
  const workflow = await world.workflow([CRM, SHEETS]);
  await world.askFor(workflow, { member_id: await memberId(world, email) });
  await page.getByText('2 apps awaiting connection').waitFor();
  await visit('outstanding', page);
  await page.getByRole('link', { name: 'Open Weekly report' }).click();
  await progress(page, 0, 2).waitFor();
  await visit('workflow', page);
  await connectInPortal(page, connectButton(page, CRM));
  await visit('workflow-half', page);
  await connectInPortal(page, connectButton(page, SHEETS));
  await visit('workflow-done', page);
  await page.goto(`${origin}/portal/connections`);
  await visit('connections', page);
  await connectionPages(page, visit, '');
  for (const path of ['/portal/activity', '/account', '/account/password', '/account/sessions', '/account/passkeys', '/account/passkeys/new']) {
    await visit(path.slice(1).replaceAll('/', '-'), page, await page.goto(origin + path));
  }
  await close();
}

/** Of one connection: how it is, paused, the question before revoking, the receipt. */
async function connectionPages(page, visit, prefix) {
  await page.getByRole('link', { name: `Manage ${CRM.name}` }).click();
  await page.getByRole('heading', { level: 1, name: CRM.name }).waitFor();
  await visit(`${prefix}connection`, page);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused by you.').waitFor();
  await visit(`${prefix}connection-paused`, page);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('link', { name: 'Revoke' }).click();
  await visit(`${prefix}revoke`, page);
  await page.getByRole('button', { name: `Revoke ${CRM.name}` }).click();
  await page.getByRole('heading', { name: `${CRM.name} is revoked` }).waitFor();
  await visit(`${prefix}revoked`, page);
  await page.getByRole('link', { name: 'Back' }).click();
  await visit(`${prefix}connection-revoked`, page);
}

async function ownPages(world, options, visit) {
  const ask = await world.ask([CRM, SHEETS]);
  const { page, close } = await world.person(options);
  await page.goto(ask.link);
  await page.getByText('Not mine: forward it to a colleague').first().click();
  await visit('forwarding', page);
  await connect(page, CRM);
  await visit('own-ask', page, await page.goto(`${world.product.origin}/my-connections`));
  await page.getByRole('textbox').fill(ask.email);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await page.getByText('a link is on its way there').waitFor();
  await visit('own-sent', page);
  await page.goto(linkTo(await world.sink.next(ask.email), '/my-connections/open/'));
  await visit('own-connections', page);
  await connectionPages(page, visit, 'own-');
  await visit('own-dead', page, await page.goto(`${world.product.origin}/my-connections/open/nothing`));
  await close();
}
