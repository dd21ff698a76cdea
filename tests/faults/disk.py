"""A file system of its own, small enough to be filled up."""

import subprocess
import tempfile
from pathlib import Path

MOUNT, UMOUNT = ["/usr/bin/env", "mount", "-t", "tmpfs", "tmpfs", "-o"], ["/usr/bin/env", "umount", "--lazy"]
PIECE = 64 * 1024


class SmallDisk:
    """Mounted in memory at a folder of its own, for as long as it is open; other users may read it."""

    def __init__(self, *, mebibytes: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="disk-"))
        try:
            subprocess.run([*MOUNT, f"size={mebibytes}m,mode=755", self.folder], check=True, capture_output=True)
        except subprocess.CalledProcessError:
            self.folder.rmdir()
            raise

    def fill(self) -> None:
        """Leave no room for even one byte more."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for piece in (PIECE, 512, 1):
                try:
                    while file.write(b"x" * piece) == piece:
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run([*UMOUNT, self.folder], check=True, capture_output=True)
        self.folder.rmdir()


def small_disk(*, mebibytes: int) -> SmallDisk | None:
    """Mount one; None for who may not."""
    try:
        return SmallDisk(mebibytes=mebibytes)
    except subprocess.CalledProcessError:
        return None
