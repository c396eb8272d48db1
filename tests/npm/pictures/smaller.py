"""`python tests/npm/pictures/smaller.py FROM.png TO.png`: the picture with 256 colours, a third of its size.

Those that are farthest apart are kept: what judges is a few pixels of a legend as well.
"""

import sys
from pathlib import Path

from PIL import Image


def main(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as picture:
        few = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
