import { answered } from '../browser.mjs';
import { eventually } from '../net.mjs';
import { signInOwner } from '../owner.mjs';
import { CRM, SHOP } from '../world.mjs';
import { furnish } from './furnish.mjs';

/** How many windows look at a time: the machine's cores are what it takes. */
const WINDOWS = 3;

/** Every page of the console, as the owner of an agency in the middle of its work sees it. */
export const walkConsole = (world, options, visit) => walk(world, rooms, options, visit);

/** What the console answers to its forms: what was mistyped, what is asked before it hurts, what is shown once; at last the closed doors. */
export const walkForms = (world, options, visit) => walk(world, forms, options, visit, closedDoors);

async function walk(world, pages, options, visit, last = () => {}) {
  const places = [...pages(world, await furnish(world))];
  const { origin } = world.product;
  const owner = await signInOwner(world, { ...options, friends: [origin, origin.replace('northwind.', 'preview.')] });
  const windows = [owner.page];
  while (windows.length < WINDOWS) windows.push(await owner.context.newPage());
  await Promise.all(windows.map(async (page) => {
    for (let place = places.shift(); place; place = places.shift()) {
      const { name, path, act } = place;
      await page.goto(origin + path);
      await act?.(page);
      await visit(name, page);
    }
  }));
  await last(world, owner.page, visit);
  await owner.close();
}

/** Pages as `{ name, path, act }`: where each is, and what is done there first. */
function* rooms(world, made) {
  for (const path of PLAIN) yield place(path);
  const { compose, workflow, workspace } = below(world.workspace);
  yield place(compose, 'requests-compose', waitForFrame);
  yield place(workflow, 'workflows-describe');
  yield place(workspace, 'workspace');
  yield place(`/workspaces/${made.other}`, 'workspace-empty');
  yield place(`${workspace}/suspend`, 'workspace-suspend');
  yield place(`${workspace}/delete`, 'workspace-delete');
  for (const state of ['sent', 'done', 'held', 'cancelled', 'queued']) yield place(`/requests/${made[state]}`, `request-${state}`);
  for (const state of ['waiting', 'paused']) yield place(`/workflows/${made[state]}`, `workflow-${state}`);
  yield place(`/workflows/${made.waiting}/edit`, 'workflow-edit');
  for (const state of ['active', 'revoked']) yield place(`/connections/${made[state]}`, `connection-${state}`);
  for (const role of ['admin', 'client']) yield place(`/people/${made[role]}`, `person-${role}`);
  yield place(`/domains/${made.domain}`, 'domain');
  yield place(`/domains/${made.domain}/primary`, 'domain-primary');
  yield place(`/email/domains/${made.sender}`, 'email-domain');
  for (const state of ['published', 'draft']) yield place(`/theme/versions/${made[state]}`, `theme-${state}`, waitForFrame);
  yield place(`/theme/versions/${made.draft}/colors`, 'theme-colors');
  yield place(`/theme/versions/${made.written}/settings`, 'theme-settings');
  yield place(`/theme/compare?old=${made.published}&new=${made.draft}`, 'theme-compare', waitForFrame);

  for (const path of ['/account', '/account/totp', '/account/sessions']) yield { name: `staff${path.replaceAll('/', '-')}`, path };
  yield place('/nowhere', 'not-found');
}

function* forms(world, made) {
  const { compose, workflow, workspace } = below(world.workspace);
  yield place('/keys/new', 'keys-created', createKey);
  yield place('/requests/import', 'requests-import-read', importTable);
  yield place(`/requests/${made.sent}`, 'request-asks-first', openQuestion);
  yield place(`/connections/${made.active}`, 'connection-asks-first', openQuestion);
  for (const [path, name] of [
    [compose, 'requests-compose'], [workflow, 'workflows-describe'], ['/workspaces/new'], [`${workspace}/delete`, 'workspace-delete'], ['/apps/new'],
    ['/domains'], ['/email'], ['/email/relay'], ['/people/invite'], ['/people/transfer'], ['/people/provider'], ['/keys/new'], [`/workflows/${made.waiting}/edit`, 'workflow-edit'],
  ]) yield place(path, `${name ?? named(path)}-mistyped`, sendEmpty);
}

/** The workspace's own page, and where something new in it is written. */
const below = ({ id }) => ({ workspace: `/workspaces/${id}`, compose: `/requests/new?workspace=${id}`, workflow: `/workflows/new?workspace=${id}` });

const PLAIN = [
  '', '/start', '/requests', '/requests?q=nonesuch', '/requests/new', '/requests/import', '/workflows', '/workflows?q=nonesuch', '/workflows/new',
  '/connections', '/connections?q=nonesuch', '/workspaces', '/workspaces?q=nonesuch', '/workspaces/new', '/people', '/people?q=nonesuch',
  '/people/clients', '/people/invitations', '/people/invite', '/people/provider', '/people/transfer', '/apps', '/apps?q=nonesuch', '/apps/new',
  '/apps/slack', `/apps/${CRM.slug}`, `/apps/${SHOP.slug}`, '/domains', '/email', '/email/relay', '/email/held-back', '/theme', '/keys', '/keys/new',
  '/audit', '/audit?subject=nonesuch', '/audit/check', '/settings',
];

const place = (path, name = named(path), act = undefined) => ({ name, path: `/dashboard${path}`, act });

/** `/people/clients` is called `people-clients`. */
const named = (path) => path.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'home';

/** Sends the page's own form with nothing in it, past what the browser itself says about it. */
async function sendEmpty(page) {
  const form = page.locator('main form[method=post]').filter({ has: page.locator('input:not([type=hidden]), select, textarea') }).first();
  await answered(page, () => form.evaluate((element) => {
    for (const input of element.querySelectorAll('input:is([type=text], [type=email], [type=url]), textarea')) input.value = '';
    element.noValidate = true;
    element.requestSubmit();
  }));
}

/** What stands in a frame comes a moment later. */
const waitForFrame = (page) => page.frameLocator('iframe').first().locator('body *').first().waitFor();

async function createKey(page) {
  await page.locator('#name').fill('n8n production');
  await page.getByRole('checkbox').first().check();
  await answered(page, () => page.getByRole('button', { name: 'Make the key' }).click());
}

async function importTable(page) {
  await page.locator('#text').fill('email,name,workspace\nkim@globex.example,Kim,globex\nnobody,Nobody,nowhere\n');
  await answered(page, () => page.getByRole('button', { name: 'Look at every line' }).click());
}

/** Every question that an action asks before it hurts. */
async function openQuestion(page) {
  await page.locator('details.confirm').evaluateAll((questions) => { for (const question of questions) question.open = true; });
}

/** What stands between a person and the console: a second step that is required, then an agency that is suspended. */
async function closedDoors(world, page, visit) {
  await page.goto(`${world.product.origin}/dashboard/people`);
  await page.getByText('Require it', { exact: true }).click();
  await answered(page, () => page.getByRole('button', { name: 'Require it of all staff' }).click());
  await page.goto(`${world.product.origin}/dashboard`);
  await visit('second-step-required', page);
  await world.product.run('agency', 'suspend', 'northwind');
  await eventually('the agency to be shut', async () => (await page.reload()).status() === 503);
  await visit('suspended', page);
}
