"""Programs that say a version and no more, in place of Prometheus and Alertmanager."""

from pathlib import Path


def program(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{path.name}, version {version} (branch: HEAD)'\n")
    path.chmod(0o755)


def folder_of(
    folder: Path, prometheus: str | None = "3.5.0", alertmanager: str | None = "0.27.0", name: str = "alertmanager"
) -> Path:
    for version, names in ((prometheus, ("prometheus", "promtool")), (alertmanager, (name, "amtool"))):
        for one in names if version else ():
            program(folder / one, str(version))
    return folder
