import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { launchBrowser, openPerson } from './browser.mjs';
import { startProvider } from './provider.mjs';
import { answerProvider } from './recipient.mjs';

let provider;
let browser;
let server;
let redirectUri;
const CLIENT = { clientId: 'client', clientSecret: 'secret' };

before(async () => {
  provider = await startProvider();
  browser = await launchBrowser();
  server = http.createServer((_request, response) => response.end('back'));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  redirectUri = `http://127.0.0.1:${server.address().port}/back`;
  await provider.register({ ...CLIENT, redirectUri });
});

after(async () => {
  await browser?.close();
  await provider?.stop();
  server?.close();
});

for (const scripts of [true, false]) {
  test(`consent gives a code with iss, and tokens that work, rotate and die together (scripts ${scripts ? 'on' : 'off'})`, async () => {
    const person = await openPerson(browser, { scripts });
    const verifier = randomBytes(32).toString('base64url');
    await person.page.goto(authorizationUrl(verifier));
    await answerProvider(person.page, 'allow');
    await person.page.waitForURL(`${redirectUri}**`);
    const back = new URL(person.page.url()).searchParams;
    assert.equal(back.get('iss'), provider.issuer);

    const first = await token({ grant_type: 'authorization_code', code: back.get('code'), redirect_uri: redirectUri, code_verifier: verifier });
    assert.equal((await provider.userinfo(first.access_token)).account.email, 'jo@globex.example');
    const second = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    assert.notEqual(second.refresh_token, first.refresh_token);
    await assert.rejects(token({ grant_type: 'refresh_token', refresh_token: first.refresh_token }), /invalid_grant/);
    assert.equal((await provider.userinfo(second.access_token)).status, 401);
    await person.close();
  });
}

test('denied consent comes back as access_denied', async () => {
  const person = await openPerson(browser);
  await person.page.goto(authorizationUrl(randomBytes(32).toString('base64url')));
  await answerProvider(person.page, 'deny');
  await person.page.waitForURL(`${redirectUri}**`);
  assert.equal(new URL(person.page.url()).searchParams.get('error'), 'access_denied');
  await person.close();
});

function authorizationUrl(verifier) {
  const url = new URL(`${provider.issuer}/auth`);
  url.search = new URLSearchParams({
    client_id: CLIENT.clientId, response_type: 'code', redirect_uri: redirectUri, scope: 'openid email', state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  return url.href;
}

async function token(form) {
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.clientId}:${CLIENT.clientSecret}`)}` },
    body: new URLSearchParams(form),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
