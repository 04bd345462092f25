"""Why an organization is not written to a file, or not read from one."""

from __future__ import annotations

from tenants.errors import Conflict, Refusal


class NotAnExport(Refusal):
    """Another kind of file, or an empty one."""

    code = "NOT_AN_EXPORT"

    def __init__(self) -> None:
        super().__init__("This file was not made by `imprint tenants export`. Name the file that was.")


class ExportOfNewerRelease(Refusal):
    """Its format, or the schema in it, is a later release's. Nothing was made."""

    code = "NEWER_RELEASE"

    def __init__(self, what: str) -> None:
        super().__init__(f"The file's {what} is newer than this release knows. Nothing was made; import it with the release that made it or later.")


class WrongTransferKey(Refusal):
    """The file was sealed with another key file or passphrase. Nothing was made."""

    code = "WRONG_TRANSFER_KEY"


class ExportDamaged(Refusal):
    """The file is not what was exported: cut short, or changed by accident or on purpose."""

    code = "EXPORT_DAMAGED"

    def __init__(self, where: str) -> None:
        super().__init__(f"The file is damaged or was changed: {where}. Nothing of it was kept; copy it again from where it was made.")


class ExportNotTaken(Refusal):
    """The file is as it was written, but says of its organization what no release that this one knows would say."""

    code = "EXPORT_NOT_TAKEN"

    def __init__(self, what: str) -> None:
        super().__init__(f"The file is whole, but {what}. Nothing was made; mend that where it comes from, and export it again.")


class CopyNotVerified(Refusal):
    """What was loaded is not what the file holds, or its history is not whole. Nothing of it was kept."""

    code = "COPY_NOT_VERIFIED"


class FileFailed(Refusal):
    """The file cannot be read or written: what the operating system said."""

    code = "FILE_FAILED"

    def __init__(self, doing: str, path: object, error: OSError) -> None:
        super().__init__(f"{path} cannot be {doing}: {error.strerror or error}.")


class TargetExists(Refusal):
    """An export never takes another file's place unasked."""

    code = "TARGET_EXISTS"

    def __init__(self, path: object) -> None:
        super().__init__(f"{path} exists already. Name another file, or add --force to replace it.")


class NotExportable(Refusal):
    """The organization is not in a state in which it can be copied."""

    code = "NOT_EXPORTABLE"


class ChangedMeanwhile(Conflict):
    """A migration or a new slug was faster: the organization is no longer what was looked at."""

    def __init__(self) -> None:
        super().__init__("The organization was migrated or renamed in this very moment; run this again.")
