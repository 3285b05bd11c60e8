"""What botocore reads for each session, and moto works out for each request, is done once: half of a test's time."""

import functools
import sys
from collections.abc import Callable

import botocore.loaders
import botocore.session


@functools.cache
def _loader(data_path: str | None) -> botocore.loaders.Loader:
    return botocore.loaders.create_loader(data_path)


def _register_data_loader(session: botocore.session.Session) -> None:
    session._components.lazy_register_component(
        "data_loader", lambda: _loader(session.get_config_variable("data_path"))
    )


def share_models() -> None:
    """Have all sessions share the models of services, which are files of a megabyte."""
    botocore.session.Session._register_data_loader = _register_data_loader


def share_urls() -> None:
    """Have moto keep which addresses a service has, where a test has loaded moto.

    It asks for them at every request; the one of S3 loads a module anew each time, since its addresses follow
    variables of the environment that no test changes.
    """
    loaded = sys.modules.get("moto.core.base_backend")
    if loaded is None or isinstance(loaded.BaseBackend.__dict__["urls"], _OfClass):
        return
    loaded.BaseBackend.urls = _OfClass(loaded.BaseBackend.__dict__["urls"].fget)


class _OfClass:
    """A property that is worked out once for a class."""

    def __init__(self, work: Callable[[object], object]) -> None:
        self._work = work
        self._kept: dict[type, object] = {}

    def __get__(self, instance: object, kind: type) -> object:
        if kind not in self._kept:
            self._kept[kind] = self._work(instance)
        return self._kept[kind]
