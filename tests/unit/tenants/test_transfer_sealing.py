from __future__ import annotations

import tempfile
import tracemalloc
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.errors import ConfigurationError
from tenants.transfer.catalog import Column, Sequence, Table
from tenants.transfer.contents import ContentsReader, ContentsWriter
from tenants.transfer.errors import ExportDamaged, WrongTransferKey
from tenants.transfer.files import Input, Output
from tenants.transfer.keys import TransferKeys, TransferSecret, keys_for, new_parameters
from tenants.transfer.sealing import CHUNK, SealedWriter, opened

KEY = bytes(range(32))
TAGS = Table("tags", (Column("id", "uuid"), Column("name", "text")))


def passing() -> FileIO:
    return tempfile.TemporaryFile(buffering=0)


def sealed(*pieces: bytes) -> bytes:
    with passing() as file:
        writer = SealedWriter(Output(file, "test"), KEY)
        for piece in pieces:
            writer.write(piece)
        writer.close()
        file.seek(0)
        return file.read()


def unsealed(content: bytes, key: bytes = KEY) -> bytes:
    with passing() as file:
        file.write(content)
        file.seek(0)
        return b"".join(opened(Input(file, "test"), key))


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 3])
def test_what_was_sealed_opens_again_in_parts_of_a_mebibyte(length: int) -> None:
    content = bytes(range(256)) * (length // 256 + 1)
    assert unsealed(sealed(content[:length])) == content[:length]


def test_how_it_was_cut_into_pieces_makes_no_difference_to_what_opens() -> None:
    assert unsealed(sealed(b"a" * CHUNK, b"", b"b", b"c" * CHUNK)) == b"a" * CHUNK + b"b" + b"c" * CHUNK


def test_neither_another_key_nor_a_part_in_anothers_place_opens() -> None:
    one, two = sealed(b"x" * CHUNK + b"rest"), sealed(b"y" * CHUNK + b"rest")
    part = 4 + CHUNK + 16
    with pytest.raises(ExportDamaged, match="part 1"):
        unsealed(one, bytes(32))
    for wrong in (one[part:], one[:part], one[part:] + one[:part], one + one[part:], two[:part] + one[:part]):
        with pytest.raises(ExportDamaged):
            unsealed(wrong)
    # The same key and place: one stream's part in another one's. A file's key is its own, so this is never asked of a file.
    assert unsealed(two[:part] + one[part:]) == b"y" * CHUNK + b"rest"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=2000), max_size=8), max_size=4), st.lists(st.integers(1, 2**62), max_size=3))
def test_tables_come_out_as_they_went_in(tables: list[list[bytes]], numbers: list[int]) -> None:
    sequences = [Sequence(f"s{position}", number, is_called=True) for position, number in enumerate(numbers)]
    with passing() as file:
        writer = ContentsWriter(Output(file, "test"), KEY)
        for position, pieces in enumerate(tables):
            table = Table(f"t{position}", TAGS.columns)
            writer.begin(table)
            for piece in pieces:
                writer.data(piece)
            writer.end(table, position)
        writer.finish(sequences)
        file.seek(0)
        reader = ContentsReader(Input(file, "test"), KEY)
        read = {table.name: b"".join(reader.rows()) for table in reader.tables()}

    assert read == {f"t{position}": b"".join(pieces) for position, pieces in enumerate(tables)}
    assert reader.sequences == sequences
    assert [reader.amounts(Table(name, ())) for name in read] == list(writer.index.values())


def test_contents_without_an_end_or_with_other_rows_than_were_counted_are_refused() -> None:
    def read(file: FileIO, records: tuple[tuple[bytes, bytes], ...]) -> None:
        writer = ContentsWriter(Output(file, "test"), KEY)
        for kind, text in records:
            writer._record(kind, text)
        writer._sealed.write(writer._zstd.flush())
        writer._sealed.close()
        file.seek(0)
        reader = ContentsReader(Input(file, "test"), KEY)
        for _table in reader.tables():
            list(reader.rows())

    begins = (b"T", b'{"name": "tags", "columns": []}')
    nothing: tuple[tuple[bytes, bytes], ...] = ()
    for records in (
        nothing,
        (begins,),
        (begins, (b"D", b"row\n")),
        (begins, (b"D", b"row\n"), (b"E", b'{"rows": 2, "bytes": 4, "sha256": ""}')),
        ((b"D", b"row\n"),),
        ((b"T", b"[]"),),
        ((b"T", b'{"name": 1}'),),
        ((b"I", b'{"tables": {"tags": {}}, "sequences": []}'),),
        ((b"I", b'{"tables": {}}'),),
        ((b"I", b'{"tables": {}, "sequences": []}'), (b"D", b"more")),
        ((b"?", b"{}"),),
    ):
        with passing() as file, pytest.raises(ExportDamaged):
            read(file, records)


def test_a_table_of_any_size_passes_through_in_little_memory() -> None:
    row, count = b"x" * 65_535 + b"\n", 2_000
    with passing() as file:
        tracemalloc.start()
        writer = ContentsWriter(Output(file, "test"), KEY)
        writer.begin(TAGS)
        for _ in range(count):
            writer.data(row)
        writer.end(TAGS, count)
        writer.finish([])
        file.seek(0)
        reader = ContentsReader(Input(file, "test"), KEY)
        read = sum(len(piece) for _table in reader.tables() for piece in reader.rows())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert read == count * len(row)
    assert peak < read / 10


def test_a_passphrase_gives_the_same_keys_with_the_same_salt_and_others_with_another() -> None:
    words = TransferSecret.from_passphrase("fifteen letters")
    parameters = new_parameters(words)
    keys = TransferKeys.derive(words, parameters)

    assert keys_for(words, parameters, keys.check.hex()) == keys
    assert TransferKeys.derive(words, new_parameters(words)) != keys
    assert len({keys.wrap, keys.head, keys.seal, keys.check}) == 4
    with pytest.raises(WrongTransferKey):
        keys_for(TransferSecret.from_passphrase("fifteen lettres"), parameters, keys.check.hex())


def test_a_key_file_holds_32_bytes_in_base64_and_nothing_else(tmp_path: Path) -> None:
    assert TransferSecret.from_file(b"  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "key").value == KEY
    for content in (b"", b"\n", b"AAEC", b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==", b"\xff\xfe", b"!" * 44):
        with pytest.raises(ConfigurationError, match="32 bytes in base64"):
            TransferSecret.from_file(content, "key")


def test_a_passphrase_has_fifteen_characters_or_more() -> None:
    with pytest.raises(ConfigurationError, match="14 characters"):
        TransferSecret.from_passphrase("x" * 14)
    assert TransferSecret.from_passphrase("ü" * 15).kind == "passphrase"


def test_secrets_do_not_show_in_what_is_logged_of_them() -> None:
    secret = TransferSecret("file", KEY)
    assert "value" not in repr(secret)
    assert "seal" not in repr(TransferKeys.derive(secret, new_parameters(secret)))
