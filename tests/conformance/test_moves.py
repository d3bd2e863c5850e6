"""An entry that says nothing itself is called and dated by its path, also by a new one."""

from __future__ import annotations

from pyrite_backends.port.index import Index
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index import verify
from pyrite_cli.core.index.kb import Kb
from pyrite_cli.core.index.sync import Options, sync
from pyrite_schemas.config import DEFAULT_INCLUDE
from tests.conftest import DATE_FIELDS, Repo, Silent


def test_a_moved_file_has_the_date_and_title_of_its_new_name(index: Index, repo: Repo) -> None:
    kb = Kb("kb", Source(repo.root, "", "", DEFAULT_INCLUDE, ()), DATE_FIELDS)

    def synced() -> list[tuple[str, str, str]]:
        sync(index, (kb,), None, Silent(), Options())
        with index.reader() as reader:
            return [(one.path, one.title, one.date) for one in reader.logical("kb")]

    repo.commit(**{"2024-03-14-one": "body\n"})
    assert synced() == [("2024-03-14-one.md", "2024-03-14-one", "2024-03-14")]
    repo.git("mv", "2024-03-14-one.md", "2025-01-02-one.md")
    repo.git("commit", "-qm", "moved")
    moved = synced()
    with index.reader() as reader:
        digest = verify.digest(reader, "kb")
    sync(index, (kb,), None, Silent(), Options(rebuild=True))
    with index.reader() as reader:
        assert verify.digest(reader, "kb") == digest
    assert moved == [("2025-01-02-one.md", "2025-01-02-one", "2025-01-02")]
