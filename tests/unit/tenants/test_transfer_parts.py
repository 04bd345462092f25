from __future__ import annotations

from pathlib import Path

import pytest

from tenants.transfer.errors import TargetExists
from tenants.transfer.files import new_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def left_behind(folder: Path, name: str = ".out.0123abcd.part") -> Path:
    """As a killed export leaves it."""
    (folder / name).write_bytes(b"half")
    return folder / name


def test_what_a_killed_export_left_is_removed_by_the_next_to_the_same_name(tmp_path: Path) -> None:
    left_behind(tmp_path)
    with new_file(tmp_path / "out", force=False) as file:
        file.write(b"whole")

    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_bytes() == b"whole"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_what_somebody_is_still_writing_and_other_files_are_left_alone(tmp_path: Path) -> None:
    others = [".out.part", ".out.0123abcd.part.old", ".other.0123abcd.part", ".outX0123abcd.part"]
    for name in others:
        left_behind(tmp_path, name)
    (tmp_path / ".out.00000000.part").symlink_to(tmp_path / ".out.part")
    with new_file(tmp_path / "out", force=True) as slow:
        slow.write(b"slow")
        with new_file(tmp_path / "out", force=True) as quick:
            quick.write(b"quick")
        assert (tmp_path / "out").read_bytes() == b"quick"

    assert (tmp_path / "out").read_bytes() == b"slow"
    assert names(tmp_path) == sorted([*others, ".out.00000000.part", "out"])


def test_a_file_that_appears_at_the_name_meanwhile_is_not_replaced_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out"
    monkeypatch.setattr("os.path.lexists", lambda _path: False)  # looked just before it appeared

    def export() -> None:
        with new_file(target, force=False) as file:
            file.write(b"whole")
            target.write_text("mine")

    with pytest.raises(TargetExists):
        export()

    assert (names(tmp_path), target.read_text()) == (["out"], "mine")


def test_where_files_have_one_name_each_the_part_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refused)
    with new_file(tmp_path / "out", force=False) as file:
        file.write(b"whole")

    assert names(tmp_path) == ["out"]
