"""Where a file of a repository is shown on the web, from where it was cloned."""

from __future__ import annotations

import re
from urllib.parse import quote

from pyrite_cli.core.git.paths import encode_path

_GITHUB = "/blob/{commit}/{path}?plain=1#L{start}-L{end}"
_GITLAB = "/-/blob/{commit}/{path}?plain=1#L{start}-{end}"
_GITEA = "/src/commit/{commit}/{path}?display=source#L{start}-L{end}"
_FORMS = {
    "github.com": _GITHUB,
    "gitlab.com": _GITLAB,
    "bitbucket.org": "/src/{commit}/{path}#lines-{start}:{end}",
    "codeberg.org": _GITEA,
    "git.sr.ht": "/tree/{commit}/item/{path}?view-source#L{start}",
}
_PLAIN = "/~"
_OWN_HOSTS = {"github": _GITHUB, "gitlab": _GITLAB, "gitea": _GITEA, "forgejo": _GITEA}
"""By the first part of the name of a company's own server, such as `gitlab.example.org`."""


def template(remote: str, folder: str) -> str:
    """Where files of a folder are shown, with `{commit}`, `{path}`, `{start}` and `{end}` to fill
    in; empty when the host's form isn't known.

    Args:
        remote: Where the repository was cloned from, as `host/path`.
        folder: The folder inside the repository, or empty.
    """
    host, _, path = remote.partition("/")
    form = _FORMS.get(host) or _OWN_HOSTS.get(host.partition(".")[0], "")
    if not form or not path:
        return ""
    inside = f"{quote(folder, safe=_PLAIN)}/" if folder else ""
    return f"https://{host}/{quote(path, safe=_PLAIN)}" + form.replace(
        "{path}", f"{inside}{{path}}"
    )


def link(web: str, commit: str, path: str, start: int, end: int) -> str:
    """A passage on the web.

    Args:
        web: What `template` gave.
        commit: Hex id of the commit.
        path: The file, relative to the folder.
        start: 1-based first line.
        end: Last line, inclusive.
    """
    file = quote(encode_path(path), safe=_PLAIN)
    values = {"commit": commit, "path": file, "start": str(start), "end": str(end)}
    return re.sub(r"\{(commit|path|start|end)\}", lambda mark: values[mark[1]], web)
