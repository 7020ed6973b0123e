"""A real SMTP server (aiosmtpd) that misbehaves as it is told. The argument is a mood:

  friendly           takes everything
  PHASE:CODE         answers EHLO, MAIL, RCPT or DATA with this code
  PHASE:drop         hangs up instead of answering; `body` hangs up in the middle of the mail
  greylist           says 450 to the first RCPT of an address and takes the second

Prints its port, then one line of JSON for each mail that it took: sender, recipients and the message in base64."""

import asyncio
import base64
import json
import sys

from aiosmtpd.smtp import SMTP


class Server(SMTP):
    """The moods that handlers cannot have: nothing is answered, and the connection is gone."""

    mood = "friendly"

    async def smtp_EHLO(self, hostname):
        if await self.spoiled("EHLO"):
            return
        await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg):
        if await self.spoiled("MAIL"):
            return
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if await self.spoiled("RCPT"):
            return
        await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if self.mood == "body:drop":
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        if self.mood == "greeting:drop" or await self.spoiled("DATA"):
            return
        await super().smtp_DATA(arg)

    async def spoiled(self, phase):
        if self.mood == f"{phase}:drop":
            self.transport.abort()
            return True
        if self.mood.startswith(f"{phase}:"):
            await self.push(f"{self.mood.split(':')[1]} not now, jo@globex.example")
            return True
        return False


class Handler:
    def __init__(self, mood):
        self.mood = mood
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mood == "greylist" and address not in self.seen:
            self.seen.add(address)
            return "450 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        message = base64.b64encode(envelope.content).decode()
        taken = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "message": message}
        print(json.dumps(taken), flush=True)
        return "250 taken"


async def main(mood):
    Server.mood = mood
    handler = Handler(mood)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(handler, hostname="relay.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The test closes our input when it is done, also when it dies.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "friendly"))
