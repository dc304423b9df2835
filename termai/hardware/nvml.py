"""The driver of NVIDIA's GPUs through NVML: one session, which outlives the driver.

Names and codes are those of NVML's reference and nvidia-ml-py 13.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from threading import Lock
from time import monotonic
from typing import Any

RETRY_S = 10.0
"""Seconds after which a driver that was not there is looked for again."""
OPENING_S = 8.0
"""Seconds in which a driver is ready, also one that sets up eight GPUs first."""


class Driver(StrEnum):
    """Whether NVIDIA's driver can be asked."""

    READY = "ready"
    NO_LIBRARY = "no library"  # libnvidia-ml is not there: most likely no driver is
    NOT_LOADED = "not loaded"  # the library is there, its kernel module is not
    MISMATCH = "mismatch"  # the library is of another version than the loaded kernel module
    NO_PERMISSION = "no permission"  # the device files may not be opened
    FAILED = "failed"  # anything else, such as a GPU that has fallen off the bus


_DRIVERS = {
    "NVML_ERROR_LIBRARY_NOT_FOUND": Driver.NO_LIBRARY,
    "NVML_ERROR_DRIVER_NOT_LOADED": Driver.NOT_LOADED,
    "NVML_ERROR_LIB_RM_VERSION_MISMATCH": Driver.MISMATCH,
    "NVML_ERROR_NO_PERMISSION": Driver.NO_PERMISSION,
}
_GONE = ("NVML_ERROR_UNINITIALIZED", "NVML_ERROR_DRIVER_NOT_LOADED", "NVML_ERROR_UNKNOWN")
_LOST = ("NVML_ERROR_GPU_IS_LOST", "NVML_ERROR_RESET_REQUIRED")


class Session:
    """NVML, initialised when it is first asked and again when the driver comes back."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._again = 0.0
        self._opening = Lock()
        self._wait_s = OPENING_S
        self.driver = Driver.NO_LIBRARY
        self.message = ""

    def library(self) -> Any:
        """Return initialised NVML, None while there is no library or driver."""
        if self._nvml is None:
            self._open_once()
        return self._nvml

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return NVML's answer, None where library, driver or GPU do not have one."""
        return self.ask_lost(question, *arguments)[0]

    def ask_lost(self, question: str, *arguments: Any) -> tuple[Any, bool]:
        """Return NVML's answer as ``ask`` does, and whether the GPU has fallen off the bus."""
        nvml = self.library()
        asked: Callable[..., Any] | None = getattr(nvml, question, None)
        if asked is None:
            return None, False
        try:
            return asked(*arguments), False
        except nvml.NVMLError as error:
            if _is(nvml, error, _GONE):
                self._close(str(error))
            return None, _is(nvml, error, _LOST)

    def _open_once(self) -> None:
        """Open NVML, or wait until another thread has: a driver takes seconds to set GPUs up.

        One that hangs is waited for once only.
        """
        if not self._opening.acquire(timeout=self._wait_s):
            self._wait_s = 0.0
            self.driver, self.message = Driver.FAILED, f"no answer within {OPENING_S:g} s"
            return
        try:
            if self._nvml is None and monotonic() >= self._again:
                self._open()
            self._wait_s = OPENING_S
        finally:
            self._opening.release()

    def _open(self) -> None:
        self._again = monotonic() + RETRY_S
        try:
            import pynvml
        except (ImportError, OSError):
            self.driver, self.message = Driver.NO_LIBRARY, ""
            return
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            self.driver = _named(pynvml, error, _DRIVERS) or Driver.FAILED
            self.message = str(error)
            return
        self._nvml, self.driver, self.message = pynvml, Driver.READY, ""

    def _close(self, message: str) -> None:
        self._nvml, self.driver, self.message = None, Driver.NOT_LOADED, message
        self._again = monotonic() + RETRY_S


def _named(nvml: Any, error: Any, names: dict[str, Driver]) -> Driver | None:
    return next((driver for name, driver in names.items() if _is(nvml, error, (name,))), None)


def _is(nvml: Any, error: Any, names: tuple[str, ...]) -> bool:
    """Return whether an error has one of these codes; they are asked for by name."""
    code = getattr(error, "value", None)
    return code is not None and code in {getattr(nvml, name, None) for name in names}


session = Session()
