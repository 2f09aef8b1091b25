"""Requests and answers byte for byte, for tests of how a server takes them."""

from __future__ import annotations

from http.client import HTTPResponse

PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
END = b"\r\n--b--\r\n"


def header(method, path, *lines):
    """Make a header."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def upload_header(length, path="/api/v1/photos", *lines):
    """Make the header of a form with files, which begins with `PART` and ends with `END`."""
    kind = "Content-Type: multipart/form-data; boundary=b"
    return header("POST", path, kind, f"Content-Length: {length}", *lines)


def answer_of(client):
    """Read one answer from a connection."""
    answer = HTTPResponse(client)
    answer.begin()
    answer.text = answer.read().decode(errors="replace")
    return answer
