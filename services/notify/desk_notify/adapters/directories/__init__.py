"""Where it is known who people and teams are, by the name that the settings give."""

from collections.abc import Callable

from desk_charter import CharterSource
from desk_platform.plugins import Registry

from desk_notify.adapters.directories.charter import CharterDirectory
from desk_notify.settings import NotifySettings
from desk_notify.subscriptions.model import CurrentDirectory

__all__ = ["DIRECTORIES"]

DirectoryKind = Callable[[CharterSource, NotifySettings], CurrentDirectory]

DIRECTORIES: Registry[DirectoryKind] = Registry("desk.directories", {"charter": CharterDirectory})
