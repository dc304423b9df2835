"""What the way a process ended says when its log says nothing."""

from typing import NamedTuple

from termai.servers.case import Case


class Ending(NamedTuple):
    """A sentence and its fix, with ``{names}`` as in ``Cause``, for a signal or a reason."""

    sentence: str
    fix: str


OOM_KILLED = Ending(
    "The kernel killed {name} because memory ran out.",
    "Choose a smaller model or quantization, lower ctx_size, or give the machine or container "
    "more memory.",
)
UNSEEN = Ending(
    "{name} is gone and nobody recorded how: the machine was restarted, or its processes were "
    "killed from outside.",
    "Start it again; if it comes back, look at dmesg.",
)
SIGNALS = {
    "SIGILL": Ending(
        "{engine} uses an instruction that this processor does not have (SIGILL): it was built "
        "for another one.",
        "{rebuild}",
    ),
    "SIGSEGV": Ending(
        "{engine} crashed (SIGSEGV), which is a fault in it or in a driver.",
        "Start it again; if it comes back, try fewer options or {upgraded}. {rebuild}",
    ),
    "SIGBUS": Ending(
        "{engine} lost its model file while reading it (SIGBUS): it was cut or its disk failed.",
        "Check the file and the disk (dmesg), then start again.",
    ),
    "SIGABRT": Ending(
        "{engine} gave up on an error of its own (SIGABRT).",
        "The lines beside this say where; fewer options or {upgraded} may help.",
    ),
    "SIGFPE": Ending(
        "{engine} crashed on an arithmetic error (SIGFPE), usually over a corrupt model.",
        "Download the model again.",
    ),
    "SIGKILL": Ending(
        "{name} was killed from outside (SIGKILL).",
        "Start it again; if nobody did this, memory may have run out: look at dmesg.",
    ),
}
OTHER_SIGNAL = Ending("{name} was ended from outside ({signal}).", "Start it again.")
SILENT = Ending(
    "{name} ended with code {code} and said nothing about why.",
    "Look at the log, and run the command in it by hand.",
)


def ending(case: Case) -> Ending | None:
    """Return what signal or reason alone say; None for an exit with a code."""
    if case.exit is None or case.exit.reason == "unknown":
        return UNSEEN
    if case.exit.signal:
        return SIGNALS.get(case.exit.signal, OTHER_SIGNAL)
    return None
