/** Keeps what a browser gets from one origin: `{ url, status, headers, body }` of each answer. */
export function witness(context, origin) {
  const reading = [];
  context.on('response', (response) => {
    if (new URL(response.url()).origin === origin) reading.push(read(response));
  });
  return async () => (await Promise.all(reading)).filter(Boolean);
}

async function read(response) {
  try {
    const redirect = response.status() >= 300 && response.status() < 400;
    const stream = response.headers()['content-type']?.startsWith('text/event-stream');
    return {
      url: response.url(),
      status: response.status(),
      headers: await response.headersArray(),
      // A redirect has none that the browser would show, and a stream never ends.
      body: redirect || stream ? '' : await response.text(),
    };
  } catch {
    return undefined; // The page was closed before it had arrived.
  }
}

/** The forms in which a secret could lie around: as it is, and as bytes that were encoded. */
export function forms(secret) {
  const bytes = Buffer.from(secret);
  return [...new Set([secret, encodeURIComponent(secret), bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')])];
}
