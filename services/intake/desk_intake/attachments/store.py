"""How uploads are remembered."""

from desk_platform.store import Schema

from desk_intake.attachments.model import UploadList

UPLOADED = Schema(
    collection="uploads",
    model=UploadList,
    kept="a fixed number",
)
