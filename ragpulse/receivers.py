"""Who can be told of alerts, in the cluster file: one class per kind. What is secret is the path of a file."""

from typing import Annotated, Literal

from pydantic import Field

from ragpulse.model import BaseUrl, FilePath, Part, Url
from ragpulse.receiver_values import MailAddress, MailAddresses, Server


class Hook(Part):
    """What is told by a POST. One of the two is needed: `ragpulse.consistency` sees to it."""

    url: Url | None = None
    """where it is sent; this or `url_file`"""
    url_file: FilePath | None = None
    """file that holds the URL, where it is itself a secret"""


class Webhook(Hook):
    kind: Literal["webhook"]
    """JSON of Alertmanager's own webhook, version 4, to any URL"""
    token_file: FilePath | None = None
    """file that holds a token, sent as `Authorization: Bearer`"""


class Email(Part):
    kind: Literal["email"]
    """a mail, through a mail server"""
    to: MailAddresses
    """mail address, or list of them; each gets a mail of its own"""
    from_: Annotated[MailAddress, Field(alias="from")]
    """sender"""
    server: Server
    """mail server with its port, e.g. `mail.example.org:587`; port 465 is spoken to by TLS from the first byte on"""
    username: Annotated[str, Field(min_length=1)] | None = None
    """who logs in; needs `password_file`"""
    password_file: FilePath | None = None
    """file that holds the password"""
    require_tls: bool = True
    """`false`: a server that offers no STARTTLS is spoken to in clear, and the login may go there in clear, too"""
    ca_file: FilePath | None = None
    """certificates of an authority of your own, instead of the system's"""


class Slack(Part):
    kind: Literal["slack"]
    """an incoming webhook of Slack, Mattermost or Rocket.Chat"""
    url_file: FilePath
    """file that holds the webhook's URL"""
    channel: Annotated[str, Field(min_length=1)] | None = None
    """channel, where the webhook may choose it"""


class Discord(Part):
    kind: Literal["discord"]
    """a webhook of a Discord channel"""
    url_file: FilePath
    """file that holds the webhook's URL"""


class Telegram(Part):
    kind: Literal["telegram"]
    """a message of a Telegram bot"""
    token_file: FilePath
    """file that holds the bot's token"""
    chat_id: int
    """chat that it writes to; of a group it is negative"""
    thread_id: Annotated[int, Field(ge=1)] | None = None
    """topic within a group"""
    url: BaseUrl = "https://api.telegram.org"
    """where the bots' API is, for a server of your own"""


class Ntfy(Hook):
    kind: Literal["ntfy"]
    """a topic of ntfy, by its URL; who knows a topic of a public server reads it, so its URL is a secret there"""
    token_file: FilePath | None = None
    """file that holds an access token"""


class Pagerduty(Part):
    kind: Literal["pagerduty"]
    """a service of PagerDuty, by its Events API v2"""
    routing_key_file: FilePath
    """file that holds the integration key"""
    url: Url = "https://events.pagerduty.com/v2/enqueue"
    """where events go; accounts in the EU have `https://events.eu.pagerduty.com/v2/enqueue`"""


AnyReceiver = Annotated[
    Webhook | Email | Slack | Discord | Telegram | Ntfy | Pagerduty,
    Field(discriminator="kind"),
]
