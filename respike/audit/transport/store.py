"""DVC, as far as it is used: hashes into .dvc files, bytes into its cache and to a remote.

The only module that imports dvc. DVC's memory of hashes is a folder of this checkout that only
its owner reads; it is emptied each time, so that an edited file is never taken for a known one.
DVC's own checkout is not used: it removes what it does not know, and a whole folder where one
file of it is missing.
"""

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from respike.core.errors import Busy, ConfigError, RespikeError

FOLDER = ".dvc"
HINT = (
    "add one: `.venv/bin/dvc remote add --default NAME URL` and "
    "`.venv/bin/dvc remote modify NAME verify true`"
)
_TEMPORARY = "respike-folder"


def _dvc(root: Path) -> Any:
    """The module `dvc.repo`, imported with its telemetry off and its memory in our folder."""
    if not (root / FOLDER / "config").exists():
        raise ConfigError(
            f"{root} has no {FOLDER}/config, so that DVC does not know it; take a git clone"
        )
    memory = root / FOLDER / "site-cache"
    shutil.rmtree(memory, ignore_errors=True)
    memory.mkdir(mode=0o700)
    os.environ["DVC_SITE_CACHE_DIR"] = str(memory)
    os.environ["DVC_NO_ANALYTICS"] = "1"
    for name in ("dvc", "dvc_data", "dvc_objects"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    import dvc.repo

    return dvc.repo


@contextlib.contextmanager
def opened(
    root: Path, say: Callable[[str], None], remote: str | None = None, wait_s: float = 60
) -> Iterator["Store"]:
    """The DVC of a checkout, locked for the time of the context.

    Args:
        root: the checkout.
        say: called with a sentence when another dvc command has to be waited for.
        remote: a folder that is the remote; None takes the one that is configured.
        wait_s: how long to wait for another dvc command [s].

    Raises:
        ConfigError: no checkout that DVC knows, or a remote that checks no bytes.
        Busy: another dvc command held its lock all the time.
    """
    module = _dvc(root)
    from dvc.exceptions import DvcException
    from dvc.lock import LockError

    config: dict[str, Any] = {}
    if remote is not None:
        config = {
            "core": {"remote": _TEMPORARY},
            "remote": {_TEMPORARY: {"url": remote, "verify": True}},
        }
    try:
        repo = module.Repo(str(root), config=config)
    except DvcException as error:
        raise ConfigError(f"DVC cannot read {root}: {_brief(error)}") from None
    store = Store(root, repo)
    end, pause = time.monotonic() + wait_s, 0.2
    with contextlib.ExitStack() as stack, contextlib.closing(repo):
        while True:
            try:
                stack.enter_context(module.lock_repo(repo))
                break
            except LockError:
                if time.monotonic() >= end:
                    raise Busy(
                        f"another dvc command works in {root}; wait for it to end, or stop it"
                    ) from None
                if pause < 0.4:
                    say(f"another dvc command works here; waiting up to {wait_s:.0f} s")
                time.sleep(pause)
                pause = min(2 * pause, 5)
        yield store


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 300 else f"{text[:297]}..."


class Store:
    """The cache and the remote of one checkout; made by `opened`."""

    def __init__(self, root: Path, repo: Any):
        self._root = root
        self._repo = repo
        self._cache = repo.cache.local

    # ---------------------------------------------------------------- the remote

    def remote(self) -> str | None:
        """Name of the remote, or None where none is configured.

        Raises:
            ConfigError: it does not check what it sends, or several and none is the default.
        """
        remotes = self._repo.config["remote"]
        name = self._repo.config["core"].get("remote")
        if not remotes:
            return None
        if name is None and len(remotes) > 1:
            raise ConfigError(
                f"there are {len(remotes)} remotes ({', '.join(sorted(remotes))}) and none is "
                "the default; choose: `.venv/bin/dvc remote default NAME`"
            )
        name = name or next(iter(remotes))
        if name not in remotes:
            raise ConfigError(f"the default remote '{name}' is not configured; {HINT}")
        for other, row in sorted(remotes.items()):
            if row.get("verify") is not True:
                raise ConfigError(
                    f"the remote '{other}' has no `verify = true`, so that DVC would take any "
                    f"bytes from it; set it: `.venv/bin/dvc remote modify {other} verify true`"
                )
        return name

    def where(self) -> str:
        """The address of the remote, without a password."""
        name = self.remote()
        return self._repo.config["remote"][name]["url"].split("@")[-1] if name else "no remote"

    def push(self, wanted: Iterable[str]) -> int:
        """Send objects of the cache, those named and no other.

        DVC's own push takes targets, and sends too little where some are files and some are
        outs of another file.

        Returns:
            How many the remote did not have.

        Raises:
            RespikeError: the remote cannot be written, or not whole.
        """
        from dvc_data.hashfile.hash_info import HashInfo

        with self._spoken("written"):
            objects = {HashInfo("md5", md5) for md5 in wanted}
            done = self._repo.cloud.push(objects, remote=self.remote())
            if done.failed:
                raise RespikeError(
                    f"the remote {self.where()} did not take {len(done.failed)} of "
                    f"{len(objects)} files; try again, what it took is kept"
                )
            return len(done.transferred)

    def fetch(self, wanted: Iterable[str]) -> None:
        """Get bytes into the cache, each checked by DVC against its md5; what fails stays out.

        Raises:
            RespikeError: the remote cannot be read at all.
        """
        from dvc_data.hashfile.hash_info import HashInfo

        missing = {HashInfo("md5", md5) for md5 in wanted if not self.has(md5)}
        if missing and self.remote():
            with self._spoken("read"):
                self._repo.cloud.pull(missing, remote=self.remote())

    @contextlib.contextmanager
    def _spoken(self, done: str) -> Iterator[None]:
        from dvc.exceptions import DvcException

        try:
            yield
        except RespikeError:
            raise
        except ImportError as error:
            raise ConfigError(f"the remote {self.where()} needs {error}") from None
        except (DvcException, OSError, ValueError) as error:
            raise RespikeError(
                f"the remote {self.where()} cannot be {done}: {_brief(error)}; nothing is "
                "lost, try again"
            ) from None
        except Exception as error:  # of the library behind an address: asyncssh, boto, ...
            raise RespikeError(
                f"the remote {self.where()} cannot be {done}: {type(error).__name__}: "
                f"{_brief(error)}; nothing is lost, try again"
            ) from None

    # ---------------------------------------------------------------- the cache

    def has(self, md5: str) -> bool:
        """Whether the cache has an object of that name."""
        return self.object(md5).exists()

    def object(self, md5: str) -> Path:
        """Where the cache keeps an object."""
        return Path(self._cache.oid_to_path(md5))

    def drop(self, md5: str) -> None:
        """Remove an object that is not what its name says."""
        self.object(md5).unlink(missing_ok=True)

    def keep(self, md5: str, data: bytes) -> None:
        """Put bytes that were made here into the cache; the caller knows their name."""
        path = self.object(md5)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
        temporary.write_bytes(data)
        temporary.chmod(0o444)
        os.replace(temporary, path)

    def describe(self, path: str, value: Mapping[str, Any]) -> None:
        """Write a .dvc file whose hashes are still to be found."""
        from dvc.utils.serialize import dump_yaml

        (self._root / path).parent.mkdir(exist_ok=True)
        dump_yaml(str(self._root / path), dict(value))

    def commit(self, target: str) -> None:
        """Hash an out or all outs of a .dvc file, and copy them into the cache.

        Raises:
            RespikeError: DVC refuses, or the disk is full.
        """
        from dvc.exceptions import DvcException

        try:
            self._repo.commit(target=str(self._root / target), force=True, relink=False)
        except (DvcException, OSError) as error:
            raise RespikeError(
                f"DVC cannot take {target} into its cache: {_brief(error)}"
            ) from None

    def place(self, md5: str, path: Path) -> None:
        """Put an object of the cache into the checkout as DVC would: copied or linked.

        It appears under its name at once, whole.
        """
        source = self.object(md5)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        temporary.unlink(missing_ok=True)
        why = None
        for kind in self._cache.cache_types:
            try:
                if kind == "hardlink":
                    os.link(source, temporary)
                elif kind == "symlink":
                    temporary.symlink_to(source)
                else:  # a reflink is a copy that shares its blocks where the disk can
                    shutil.copyfile(source, temporary)
                os.replace(temporary, path)
                return
            except OSError as error:  # the next kind that cache.type allows
                temporary.unlink(missing_ok=True)
                why = error
        raise RespikeError(f"{path} cannot be written: {why}; nothing was left behind")
