"""Kubernetes files that follow from the code: topics, Kafka users, scaling, charter.

`python -m desk_manifests write` renders them into `deploy/k8s`, `check` says what differs.
"""

from desk_manifests.documents import Document, as_yaml
from desk_manifests.files import differences, files, write_files
from desk_manifests.grants import Quotas, User, all_users
from desk_manifests.rendering import RendererMissing, render
from desk_manifests.scaling import SUBSCRIPTIONS, render_scaled_objects
from desk_manifests.strimzi import user_documents

__all__ = [
    "SUBSCRIPTIONS",
    "Document",
    "Quotas",
    "RendererMissing",
    "User",
    "all_users",
    "as_yaml",
    "differences",
    "files",
    "render",
    "render_scaled_objects",
    "user_documents",
    "write_files",
]
