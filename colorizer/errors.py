"""The errors that are meant for people: what happened, and what to do.

A message is an English sentence with ``%(name)s`` places. `N_` marks it for the translators; the
web layer translates it, everything else prints it in English. Which HTTP status belongs to which
class is the web layer's business.
"""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Mark `message` for translation without translating it."""
    return message


class ColorizerError(Exception):
    """Base of all errors that are shown to people.

    Parameters
    ----------
    message
        The sentence, an untranslated template.
    **params
        What stands in its ``%(name)s`` places. A ``wait`` (`datetime.timedelta`) says when it can
        be tried again.
    """

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


class SettingsError(ColorizerError):
    """A ``COLORIZER_`` setting is unknown or has a bad value."""


class DeviceError(ColorizerError):
    """The device asked for is not in this machine."""


class WeightsError(ColorizerError):
    """A weight file is missing, wrong, damaged or dangerous."""


class DownloadError(WeightsError):
    """A weight file could not be downloaded from any address."""


class OptionError(ColorizerError):
    """An option has a value it can't have."""


class ChangedError(ColorizerError):
    """What was to be changed has been changed by somebody else meanwhile."""


class NotAPictureError(ColorizerError):
    """The file is of a kind that is not read here."""


class BrokenPictureError(ColorizerError):
    """The file is a picture, but damaged."""


class TooLargeError(ColorizerError):
    """The file or the picture in it is over the limit."""


class NotReadyError(ColorizerError):
    """The generator asked for is not loaded (yet)."""


class BusyError(ColorizerError):
    """As many photos are waiting as may wait."""


class RateLimitError(ColorizerError):
    """More is asked for than one visitor may have within a time."""


class MemoryShortError(ColorizerError):
    """The photo doesn't fit the memory even at the smallest render factor."""


class StorageError(ColorizerError):
    """The disk takes no more, or nothing at all."""


class LostError(ColorizerError):
    """A stored photo's file is gone, though the photo was not deleted."""


class NotYoursError(ColorizerError):
    """Only who made the photo may do this with it."""


class ForeignError(ColorizerError):
    """A page of another site has sent this."""


class NotFoundError(ColorizerError):
    """There is no such photo (any more)."""
