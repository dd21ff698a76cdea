"""What kind of body a request says that it has."""

from fastapi import Request


def media_type(request: Request) -> str:
    """Return the media type of the body without its parameters, in small letters; empty where none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
