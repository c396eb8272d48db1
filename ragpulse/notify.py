"""Who hears of alerts, when, and by which Alertmanager."""

from typing import Literal

from ragpulse.model import FilePath, Name, Part
from ragpulse.receiver_values import TimesOfDay, TimeZone
from ragpulse.receivers import AnyReceiver, Hook
from ragpulse.service_values import Names

Generation = Literal["v0.25", "v0.31"]


class QuietHours(Part):
    between: TimesOfDay
    """times of each day, e.g. `22:00-07:00`, from the first to just before the second"""
    zone: TimeZone = "UTC"
    """time zone of `between`, e.g. `Europe/Berlin`"""


class Heartbeat(Hook):
    """Where a sign of life goes: some service outside, which tells when it stops."""


class Notify(Part):
    receivers: dict[Name, AnyReceiver] = {}
    """who can be told, by name"""
    page: Names = ()
    """receivers of what must be seen to at once"""
    ticket: Names = ()
    """receivers of what can wait for the day"""
    quiet_hours: QuietHours | None = None
    """when tickets are held back; what still holds at the end of it is told then. Pages always come through"""
    heartbeat: Heartbeat | None = None
    """a service outside that is told all the time that alerting works, and calls when it hears nothing for 5 minutes"""
    alertmanager: Generation = "v0.25"
    """oldest Alertmanager that must read its file. `v0.25` is read by every newer one too; what it cannot send itself
    goes through an adapter on 127.0.0.1. From `v0.31` on Alertmanager itself tells Discord and Telegram and reads the
    URL of a webhook from a file
    """
    relay_token_file: FilePath | None = None
    """file that holds the token by which the adapter knows Alertmanager; without it, any user of the monitoring node
    could notify through it
    """
