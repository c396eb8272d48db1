"""Are the secrets, certificates and folders that the cluster file names for this node there, and fit to be used?

As `--static` and `up` judge them; those of a service stop what asks it, the others (of backups and receivers) nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from exporters.checks.check import Check, Result, Scene, failed, well

FILES = "files"  # the aspect whose failure is one of the configuration


def checks(scene: Scene) -> Iterator[Check]:
    yield Check(f"node {scene.node}", FILES, partial(result, scene, ("backups.", "notify.")))


def result(scene: Scene, keys: tuple[str, ...]) -> Result:
    """Of those whose key begins so."""
    if not (wrong := [one for one in scene.problems if one.key.startswith(keys)]):
        return well("all that it needs on this node")
    said, named = "; ".join(one.text for one in wrong), ", ".join(one.key for one in wrong)
    return failed(said, f"put the file right, or correct {named} in {scene.file}")
