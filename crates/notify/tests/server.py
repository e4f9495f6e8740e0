"""A real SMTP server (aiosmtpd) for the tests: takes mail on loopback and appends it to a file, one JSON object a line.

Usage: server.py FILE [--tls starttls|tls CERTIFICATE KEY] [--login USER PASSWORD] [--answer RECEIVER TEXT]...
Prints its port when it listens, and ends with its standard input.
"""

import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

file, answers, tls, login = sys.argv[1], {}, None, None
words = iter(sys.argv[2:])
for word in words:
    if word == "--tls":
        tls = (next(words), next(words), next(words))
    elif word == "--login":
        login = (next(words), next(words))
    elif word == "--answer":
        receiver = next(words)
        answers[receiver] = next(words)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in answers:
            return answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None or (tls is not None and tls[0] == "tls"),
            "greeting": session.host_name,
            "text": envelope.content.decode("utf8", "replace"),
        }
        with open(file, "a", encoding="utf8") as out:
            out.write(json.dumps(mail) + "\n")
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    given = (data.login.decode(), data.password.decode())
    return AuthResult(success=given == login, handled=False)


options = {"hostname": "127.0.0.1", "port": 0}
if tls:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls[1], tls[2])
    if tls[0] == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"ssl_context": context}
if login:
    options |= {"authenticator": authenticate, "auth_required": True}
    if tls and tls[0] == "tls":
        options |= {"auth_require_tls": False}


class AnyPort(Controller):
    def _trigger_server(self):
        # The library would connect to the port it was told, which is 0.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = AnyPort(Handler(), **options)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
