"""Forms with a file in them (RFC 7578), read as strictly as any other."""

from __future__ import annotations

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from auth.errors import InvalidRequest
from tenants.sentences import as_sentence

MEDIA_TYPE = "multipart/form-data"
LONGEST_HEADER, MOST_HEADERS = 1024, 8
_UNREADABLE = as_sentence("This form could not be read. Go back, reload the page, and try again.")
_NO_TEXT = as_sentence("The file is no text in UTF-8. Choose the XML document that the provider offers.")


def fields_of(content_type: str, body: bytes, *, most: int) -> list[tuple[str, str]]:
    """Fields and files in the order they were sent, files by their text; at most `most`. Raises InvalidRequest."""
    _, options = parse_options_header(content_type)
    parts: list[tuple[str, bool, bytearray]] = []
    try:
        with PushMultipartParser(
            options.get("boundary", ""),
            content_length=len(body),
            max_segment_count=most,
            max_header_size=LONGEST_HEADER,
            max_header_count=MOST_HEADERS,
            strict=True,
        ) as parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    parts.append((event.name, event.filename is not None, bytearray()))
                elif event:
                    parts[-1][2].extend(event)
    except (MultipartError, ValueError):
        raise InvalidRequest(_UNREADABLE) from None
    return [(name, _text(bytes(content), file=file)) for name, file, content in parts]


def _text(content: bytes, *, file: bool) -> str:
    try:
        return content.decode("utf-8-sig" if file else "utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest(_NO_TEXT if file else _UNREADABLE) from None
