"""Does an Alertmanager start here? Its `--version` works also where files are missing that it cannot start without."""

import subprocess
import threading
from pathlib import Path

from ragpulse.stack.binaries import UnusableError

_CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
_SECONDS = 20
_STARTED = "Listening on"


def require_starting(alertmanager: Path, folder: Path) -> None:
    """Starts it on a port of the kernel's choice until it listens. Errors: UnusableError with its last words."""
    file = folder / "alertmanager.yml"
    file.write_text(_CONFIGURATION)
    arguments = (f"--config.file={file}", f"--storage.path={folder / 'alertmanager'}", "--cluster.listen-address=")
    with subprocess.Popen(
        [alertmanager, *arguments, "--web.listen-address=127.0.0.1:0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        # Its silence must not hold us up: killed, it ends the lines that are read here.
        alarm = threading.Timer(_SECONDS, process.kill)
        alarm.start()
        try:
            line = ""
            for line in process.stdout or ():
                if _STARTED in line:
                    return
        finally:
            alarm.cancel()
            process.kill()
    raise UnusableError(f"{alertmanager.name} does not start: {line.strip()}")
