import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { join } from '../harness/members.mjs';
import { answerProvider } from '../harness/recipient.mjs';
import { linkTo, startWorld } from '../harness/world.mjs';

const OWNER = 'ana@northwind.example';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

const at = (path) => `${world.product.origin}${path}`;
const codeIn = (mail) => mail.text.match(/\b(\d{3}) (\d{3})\b/).slice(1).join('');

/** Types the address; answers the mail that comes. */
async function ask(page, email) {
  await page.goto(at('/sign-in'));
  await page.getByRole('textbox').fill(email);
  await page.locator('form button[type=submit]').first().click();
  await page.waitForURL(/\/sign-in\/code$/);
  return world.sink.next(email);
}

for (const scripts of [true, false]) {
  const mode = `(scripts ${scripts ? 'on' : 'off'})`;

  test(`who is invited joins, signs out, and comes back by the mailed link ${mode}`, async () => {
    const email = `jo-${scripts}@globex.example`;
    const { page, problems, close } = await world.person({ scripts });
    await join(page, await world.invite(email, 'client', 'Jo'));
    await page.getByRole('heading', { name: 'Outstanding connection requests' }).waitFor();
    await page.goto(at('/dashboard'));
    await page.waitForURL(/\/portal\/connections$/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/\/sign-out$/);
    const mail = await ask(page, email);
    await page.goto(linkTo(mail, '/sign-in/link/'));
    await page.getByText(email).waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/\/portal\/connections$/);
    assert.deepEqual(problems, []);
    await close();
  });
}

test('the owner signs in by code, sets up a second step, and comes back with a backup code', async () => {
  const { page, problems, close } = await world.person();
  await giveCode(page, codeIn(await ask(page, OWNER)));
  await page.waitForURL(/\/dashboard$/);
  await page.getByRole('link', { name: OWNER }).click();
  await page.getByRole('link', { name: 'Second step' }).click();
  await page.locator('svg.scan').waitFor();
  const secret = (await page.locator('code').first().innerText()).replace(/\s/g, '');
  await giveCode(page, totp(secret));
  await page.getByRole('heading', { name: 'Your app is set up' }).waitFor();
  const codes = await page.locator('.codes code').allInnerTexts();
  assert.equal(codes.length, 10);

  await page.goto(at('/dashboard'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-out$/);
  await giveCode(page, codeIn(await ask(page, OWNER)));
  await page.waitForURL(/\/sign-in\/totp$/);
  await page.goto(at('/dashboard'));
  await page.waitForURL(/\/sign-in\/totp$/);
  await giveCode(page, 'nonsense');
  await page.locator('#code[aria-invalid]').waitFor();
  await giveCode(page, codes[0]);
  await page.waitForURL(/\/dashboard$/);
  assert.deepEqual(problems, []);
  await close();
});

test('a passkey is made and signs in without an address', async () => {
  const { page, problems, close, context } = await world.person();
  const devices = await context.newCDPSession(page);
  await devices.send('WebAuthn.enable');
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await join(page, await world.invite('key@globex.example', 'client', 'Jo'));
  await page.goto(at('/account/passkeys/new'));
  await page.locator('form[data-passkey] button').click();
  await page.waitForURL(/\/account\/passkeys$/);
  await page.getByText('Not used yet').waitFor();
  await page.goto(at('/portal'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-out$/);
  await page.goto(at('/sign-in/passkey'));
  await page.locator('form[data-passkey] button').click();
  await page.waitForURL(/\/portal\/connections$/);
  await page.goto(at('/account'));
  await page.getByText('key@globex.example').waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test("staff sign in at the agency's own identity provider, and nobody else does", async () => {
  const client = { client_id: 'team', client_secret: randomUUID() };
  const stored = await world.api.put('/identity-provider', { issuer: world.provider.issuer, ...client });
  await world.provider.register({ clientId: client.client_id, clientSecret: client.client_secret, redirectUri: stored.redirect_uris[0] });
  const staff = await world.person();
  await join(staff.page, await world.invite('lea@globex.example', 'member', 'Lea'));
  await staff.close();

  const { page, problems, close } = await world.person();
  await page.goto(at('/sign-in'));
  await page.locator('a[href="/sign-in/oidc"]').click();
  await page.waitForURL(/\/interaction\//);
  await answerProvider(page, 'allow', 'lea');
  await page.waitForURL(/\/dashboard$/);
  await page.goto(at('/account'));
  await page.getByText('lea@globex.example').waitFor();
  assert.deepEqual(problems, []);
  await close();

  const other = await world.person();
  await other.page.goto(at('/sign-in/oidc'));
  await answerProvider(other.page, 'allow', 'stranger');
  await other.page.getByRole('heading', { name: 'That sign-in did not work.' }).waitFor();
  await other.close();
});

async function giveCode(page, code) {
  await page.locator('#code').fill(code);
  await page.locator('form button[type=submit]').first().click();
}

/** The six digits of RFC 6238 at this moment. */
function totp(secret) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mark = createHmac('sha1', key).update(step).digest();
  const at = mark.at(-1) & 15;
  return String((mark.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
