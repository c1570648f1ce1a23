"""Files sent to a session as multipart/form-data (upload-jar, -pyfile, -file)."""

import email.parser
import email.policy
import os
from typing import Optional


class Part:
    def __init__(self, name: str, data: bytes):
        self.name = name
        self.data = data


def find(content_type: str, body: bytes, field: str) -> Optional[Part]:
    """The part that the form calls `field`, None when it is not there."""
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not form.is_multipart():
        return None
    for part in form.iter_parts():
        if part.get_param("name", header="content-disposition") == field:
            name = os.path.basename(part.get_filename() or field)
            return Part(name, part.get_payload(decode=True) or b"")
    return None


def store(part: Part, private: str) -> str:
    """Writes the file into the session's private folder; its path."""
    folder = os.path.join(private, "uploads")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    name = part.name if part.name not in ("", ".", "..") else "file"
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(part.data)
    return path
