"""A gathered view -> the text of one HTML file that needs nothing from outside itself.

The content policy allows this style sheet and this script by their hashes, pictures and films
only as data inside the file, and no request at all.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from respike.core.errors import RespikeError
from respike.report.words import size, visible

LARGEST = 20_000_000  # bytes
_FOLDER = Path(__file__).resolve().parent


def source(text: str) -> str:
    """How a content policy names an inline style sheet or script: the hash of its text."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def policy(style: str, script: str) -> str:
    """The content policy: these two texts, pictures and films as data:, and nothing else."""
    return (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src {source(style)}; script-src {source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def render(view: dict[str, Any]) -> str:
    """The page.

    Args:
        view: what `gather.view` returns; a name the template needs and the view lacks is an
            error, not an empty place.

    Raises:
        RespikeError: the page would be larger than LARGEST bytes.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=visible,
        trim_blocks=True,
    )
    style, script = (
        environment.loader.get_source(environment, name)[0] for name in ("page.css", "page.js")
    )
    page = environment.get_template("page.html.j2").render(
        **view, style=Markup(style), script=Markup(script), policy=Markup(policy(style, script))
    )
    if len(page.encode("utf-8")) > LARGEST:
        message = (
            f"report.html would be {size(len(page.encode()))}, more than {size(LARGEST)}; "
            "make the film or the traces of the studies smaller"
        )
        raise RespikeError(message)
    return page
