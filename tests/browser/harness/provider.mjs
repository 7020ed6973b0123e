import { generateKeyPairSync, randomBytes } from 'node:crypto';
import http from 'node:http';

import Provider from 'oidc-provider';

import { freePort } from './net.mjs';

/**
 * A certified OpenID provider on loopback with a sign-in page and a consent page of its own.
 * PKCE is required, refresh tokens rotate and a reused one ends the grant, `iss` comes back with the code.
 */
export async function startProvider({ accessTokenSeconds = 3600 } = {}) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, configuration(accessTokenSeconds));
  const told = tellTales(provider);
  const answer = provider.callback();
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    return interact(provider, request, response).catch((error) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  return {
    issuer,
    /** Every secret that went through here so far: `{ kind, value }`. */
    told,
    /** Registers a client, or registers it anew with another redirect URI. */
    async register({ clientId, clientSecret, redirectUri }) {
      await provider.Client.adapter.upsert(clientId, {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      });
    },
    /** What the provider's own API answers to this access token: `{ status, account }`. */
    async userinfo(accessToken) {
      const response = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      return { status: response.status, account: response.ok ? await response.json() : undefined };
    },
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

/** Notes what is secret in each authorization and token answer, and what was asked with it. */
function tellTales(provider) {
  const told = [];
  const tell = (secrets) => {
    for (const [kind, value] of Object.entries(secrets)) if (value) told.push({ kind, value });
  };
  provider.on('authorization.success', (_context, { code, state }) => tell({ code, state }));
  provider.on('grant.success', ({ body, oidc }) => {
    const { access_token: access, refresh_token: refresh, id_token: identity } = body;
    tell({ access, refresh, identity, verifier: oidc.params.code_verifier });
  });
  return told;
}

function configuration(accessTokenSeconds) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'signing', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    ttl: { AccessToken: accessTokenSeconds, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, email: `${sub}@globex.example`, email_verified: true, name: sub }),
    }),
  };
}

async function interact(provider, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  const client = params.client_id;
  if (request.method === 'GET') {
    const page = prompt.name === 'login' ? signInPage(client) : consentPage(client, params.scope);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    return;
  }
  const form = new URLSearchParams(await body(request));
  if (form.get('answer') === 'deny') {
    const denial = { error: 'access_denied', error_description: 'The person said no' };
    await provider.interactionFinished(request, response, denial, { mergeWithLastSubmission: false });
  } else if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: form.get('account') } });
  } else {
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: client });
    grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '));
    grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
    const consent = { grantId: await grant.save() };
    await provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  }
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

const signInPage = (client) => page('Sign in', `
  <p>${client} asks who you are.</p>
  <label>Account <input name="account" required autofocus></label>
  <button name="answer" value="allow">Sign in</button>`);

const consentPage = (client, scopes) => page('Allow access', `
  <p>${client} asks for ${scopes}.</p>
  <button name="answer" value="allow">Allow</button>
  <button name="answer" value="deny">Deny</button>`);

// The provider's pages stand for somebody else's site: scopes and client ids here come from the tests themselves.
const page = (title, inside) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
  <link rel="icon" href="data:,"><h1>${title}</h1><form method="post">${inside}</form></html>`;
