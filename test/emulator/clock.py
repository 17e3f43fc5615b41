"""The emulator's clock: real time plus what POST /_control/clock advanced it by.

Everything with a lifetime (links, tokens, results) asks here, so that a test
sees a link expire without waiting a quarter of an hour.
"""

import datetime
import time

_advanced = 0.0


def now():
    return time.time() + _advanced


def advance(seconds):
    global _advanced
    _advanced += seconds


def iso(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
