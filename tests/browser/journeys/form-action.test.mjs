import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { exchange } from '../harness/net.mjs';
import { answerProvider, badge, card, connect, connectButton, progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, SHOP, startWorld } from '../harness/world.mjs';

const LINK_PAGE = /\/connect\/requests\/[^/]+$/;

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('o10_a_page_leads_to_its_own_providers_and_the_browser_refuses_all_others', async () => {
  const ask = await world.ask([CRM]);
  const { page, problems, close } = await world.person();
  const policy = (await page.goto(ask.link)).headers()['content-security-policy'];
  assert.deepEqual(formAction(policy), ["'self'", world.provider.issuer]);

  // The same page, were the provider not on its list.
  await page.route(LINK_PAGE, async (route) => {
    const { status, headers, text } = await exchange(route.request().url(), { headers: await route.request().allHeaders() });
    const narrow = headers['content-security-policy'].replace(` ${world.provider.issuer};`, ';');
    await route.fulfill({ status, headers: { ...headers, 'content-security-policy': narrow }, body: text });
  });
  await page.reload();
  const before = world.provider.told.length;
  const refused = page.waitForEvent('console', (message) => /form-action/.test(message.text()));
  await connectButton(page, CRM).click();
  await refused;
  assert.equal(new URL(page.url()).origin, world.product.origin, 'the browser stayed');
  assert.equal(world.provider.told.length, before);
  assert.equal((await world.request(ask)).items[0].status, 'pending');
  assert.match(problems.join('\n'), /form-action/);

  await page.unroute(LINK_PAGE);
  await page.goto(ask.link);
  await connect(page, CRM);
  await progress(page, 1, 1).waitFor();
  await close();
});

test('two requests in one browser do not end each other, and a known account comes straight back', async () => {
  const [first, second] = [await world.ask([CRM, SHEETS]), await world.ask([CRM])];
  const { context, page, problems, close } = await world.person();
  const other = await context.newPage();
  await page.goto(first.link);
  await other.goto(second.link);
  await connect(page, CRM);
  await progress(page, 1, 2).waitFor();

  // The provider asks nothing this time: one chain of redirects there and back, under the page's own policy.
  await other.goto(other.url());
  await connectButton(other, CRM).click();
  await progress(other, 1, 1).waitFor();

  await connectButton(page, SHEETS).click();
  await page.waitForURL(/\/interaction\//);
  await answerProvider(page, 'allow');
  await progress(page, 2, 2).waitFor();
  for (const ask of [first, second]) assert.equal((await world.request(ask)).status, 'completed');
  assert.deepEqual(problems, []);
  await close();
});

for (const scripts of [true, false]) {
  test(`an app whose address is the client's own asks for it and leads there (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const ask = await world.ask([SHOP]);
    const { page, problems, close } = await world.person({ scripts, friends: [world.product.origin, 'https://globex.myshopify.com'] });
    const policy = (await page.goto(ask.link)).headers()['content-security-policy'];
    assert.ok(formAction(policy).includes('https://*.myshopify.com'), policy);
    await badge(page, SHOP, 'Awaiting authorisation').waitFor();
    const field = card(page, SHOP).getByRole('textbox').first();

    await field.fill('shop.attacker.example/x');
    await connectButton(page, SHOP).click();
    await card(page, SHOP).getByText(/^This .*for example/).waitFor();
    assert.equal(await field.inputValue(), 'shop.attacker.example/x', 'what was typed is still there');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');

    await field.fill('https://globex.myshopify.com/admin');
    const sent = page.waitForRequest((request) => request.url().startsWith('https://globex.myshopify.com/'));
    await connectButton(page, SHOP).click();
    const address = new URL((await sent).url());
    assert.equal(address.pathname, '/admin/oauth/authorize');
    assert.equal(address.searchParams.get('client_id'), 'shop-client');
    assert.ok(address.searchParams.get('redirect_uri').startsWith(`${world.product.origin}/oauth/callback/`));
    // There is nobody at the real address here, and nothing else may be wrong.
    assert.deepEqual(problems.filter((problem) => !/ERR_NAME_NOT_RESOLVED/.test(problem)), []);
    await close();
  });
}

function formAction(policy) {
  const [rule] = policy.split(';').map((part) => part.trim()).filter((part) => part.startsWith('form-action '));
  return rule.split(' ').slice(1);
}
