import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

import { eventually } from './net.mjs';

/** An SMTP server that keeps every mail: `{ url, mails, next(address), stop() }`. */
export async function startSink() {
  const mails = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      read(stream)
        .then(async (raw) => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          mails.push({ ...(await simpleParser(raw)), to, raw, taken: false });
        })
        .then(() => done(), done);
    },
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `smtp://127.0.0.1:${server.server.address().port}`,
    mails,
    /** Waits for the oldest mail to `address` that was not asked for yet. */
    next(address) {
      return eventually(`a mail to ${address}`, () => {
        const mail = mails.find((candidate) => !candidate.taken && candidate.to.includes(address));
        if (mail) mail.taken = true;
        return mail;
      });
    },
    stop: () => new Promise((resolve) => { server.close(resolve); }),
  };
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
