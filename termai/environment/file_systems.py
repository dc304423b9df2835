"""File systems that lack what termai and llama.cpp rely on: locks, mmap, rights, permanence.

SQLite's write-ahead log works on no network file system (sqlite.org/wal.html). mmap of a file on
9p needs its cache (Documentation/filesystems/9p.rst). FAT holds files of at most 4 GiB.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from termai.environment import mounts, place, storing
from termai.environment.finding import Finding, Verdict
from termai.environment.mounts import Mount
from termai.environment.reading import ROOT
from termai.environment.storing import Place
from termai.text import one_line

_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "glusterfs")
_WINDOWS = ("9p", "drvfs", "v9fs")
_MEMORY = ("tmpfs", "ramfs")
_FAT = ("vfat", "msdos", "exfat")
_LOCAL_FUSE = ("fuseblk", "fuse.ntfs-3g", "fuse.bindfs")


def file_systems(
    wanted: Callable[[], Sequence[Place]] = storing.places,
    root: Path = ROOT,
    limit_s: float = storing.LIMIT_S,
) -> Iterator[Finding]:
    """Yield a warning for each place on a file system that lacks something, else one finding."""
    fine: dict[str, list[str]] = {}
    warned = False
    for seen in storing.look_at(wanted(), lambda one: mounts.mount_of(one.path, root), limit_s):
        if seen.result is None:
            continue
        if found := judged(seen.place, seen.result, boxed=bool(place.container(root))):
            warned = True
            yield found
        else:
            fine.setdefault(seen.result.kind, []).append(seen.place.what)
    if fine and not warned:
        words = "; ".join(f"{', '.join(what)} on {kind}" for kind, what in fine.items())
        yield Finding("File systems", Verdict.OK, f"Fit for their use: {one_line(words, 200)}.")


def judged(where: Place, mount: Mount, *, boxed: bool = False) -> Finding | None:
    """Return what a file system lacks for what lies on it, None for nothing.

    ``boxed``: this is a container, whose own layer goes with it.
    """
    models = where.what.startswith("models")
    lack = _for_models(mount) if models else _for_files(where, mount)
    if not lack and boxed and mount.kind in ("overlay", "fuse.fuse-overlayfs"):
        lack = (
            "it goes with the container",
            f"Mount a volume at {one_line(str(where.path), 200)}, which outlives it.",
        )
    if not lack:
        return None
    sentence, fix = lack
    kind = one_line(mount.kind, 40)
    return Finding(
        f"Files of {where.what}",
        Verdict.WARNING,
        f"{where.what.capitalize()} on {kind} ({one_line(mount.point, 100)}): {sentence}.",
        fix,
        path=str(where.path),
    )


def _for_models(mount: Mount) -> tuple[str, str] | None:
    local = "Keep models that are used on a disk of this machine."
    if mount.kind in _NETWORK:
        return "loading is as slow as the network, and hangs when its server is away", local
    if mount.kind in _WINDOWS:
        return "loading through it is many times slower than from Linux' own disk", local
    if _is_fuse(mount):
        return "it may lack mmap, and loading is slow", f"{local} Or set mmap = false."
    if mount.kind in ("vfat", "msdos"):
        return "a file can have 4 GiB at most", "Keep larger models on another disk."
    if mount.kind in _MEMORY:
        return "models take memory from those that run, and are gone after a restart", local
    return None


def _for_files(where: Place, mount: Mount) -> tuple[str, str] | None:
    move = f"Set {where.variable} to a directory on a disk of this machine."
    if mount.kind in _NETWORK:
        return "locks and the database of chats are not safe over a network", move
    if mount.kind in _WINDOWS or _is_fuse(mount):
        return "locks may be missing, on which servers, downloads and chats rely", move
    if mount.kind in _FAT:
        return "every user can read it, keys and chats included", move
    if mount.kind in _MEMORY and where.what != "state":
        return "it is gone after a restart", move
    return None


def _is_fuse(mount: Mount) -> bool:
    overlay = mount.kind == "fuse.fuse-overlayfs"
    return mount.kind.startswith("fuse") and mount.kind not in _LOCAL_FUSE and not overlay
