"""How do Debian's programs find their files when their package is only unpacked, not installed?

Debian's Alertmanager does not start without the templates under /usr/share/prometheus (others have them built in), and
its Prometheus serves its pages from there. That path stands in the program. It is replaced by one of the same length
that leads to an open folder, and a script of two lines opens that folder before it becomes the program. So neither the
working directory nor the environment changes, and no right is needed.
"""

import shlex
import stat
from pathlib import Path

_INSTALLED = b"/usr/share/prometheus"
_DESCRIPTOR = 9
# Slashes more than needed mean nothing to a path, and the length of a text inside a program cannot change.
_HANDED_IN = f"/proc/self/fd/{_DESCRIPTOR}".encode().ljust(len(_INSTALLED), b"/")

_SCRIPT = """\
#!/bin/sh
# Debian's build looks for its files in /usr/share/prometheus; here they are handed in as file {descriptor}.
here=$(dirname "$(readlink -f "$0")")
exec "$here"/lib/{name} "$@" {descriptor}<"$here"/share
"""


def relocate(program: Path, folder: Path) -> None:
    """Moves `program` into `folder`, whose `share` holds what the package has in /usr/share/prometheus.

    Errors: OSError.
    """
    content = program.read_bytes()
    target = folder / program.name
    if _INSTALLED not in content:
        program.rename(target)
        return
    real = folder / "lib" / program.name
    real.parent.mkdir(exist_ok=True)
    real.write_bytes(content.replace(_INSTALLED, _HANDED_IN))
    target.write_text(_SCRIPT.format(descriptor=_DESCRIPTOR, name=shlex.quote(program.name)))
    for made in (real, target):
        made.chmod(made.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
