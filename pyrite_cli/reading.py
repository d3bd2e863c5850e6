"""The façade, as far as it reads: a frozen request in, the frozen reply of `--json` out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pyrite_cli.caller import Caller
from pyrite_cli.workspace import Workspace
from pyrite_schemas.observer import SILENT, Observer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_schemas.config import Mode
    from pyrite_schemas.replies.check import TypesReply
    from pyrite_schemas.replies.common import Freshness
    from pyrite_schemas.replies.entries import EntryReply, LinksReply, ListReply, TagsReply
    from pyrite_schemas.replies.evaluation import EvalReply
    from pyrite_schemas.replies.kbs import KbListReply
    from pyrite_schemas.replies.related import RelatedReply
    from pyrite_schemas.replies.search import BatchFault, BatchReply, SearchReply
    from pyrite_schemas.requests.making import EvaluateRequest, TypesRequest
    from pyrite_schemas.requests.reading import (
        BatchRequest,
        GetRequest,
        LinksRequest,
        ListRequest,
        Order,
        RelatedRequest,
        SearchRequest,
        TagsRequest,
    )
    from pyrite_schemas.search import Filters


class Reading:
    """What can be asked of a workspace without changing anything in it.

    Each method imports what it needs when it is called: a search has no use for a sync.

    Args:
        workspace: The configuration and all that it leads to.
        caller: Who asks.
    """

    def __init__(self, workspace: Workspace, caller: Caller) -> None:
        self.workspace = workspace
        self.caller = caller

    @classmethod
    def open(
        cls, folder: str | Path = ".", *, config: str | Path | None = None, trust: bool = False
    ) -> Self:
        """The program in a folder.

        Args:
            folder: As with `pyrite -C`: the configuration is looked for there and above, and
                files that a request names are relative to it.
            config: The `pyrite.yaml` to read instead.
            trust: Let it reach beyond its repository, whether or not the user has allowed that.

        Raises:
            ConfigError: Nothing is configured and there is no repository, or it isn't valid or
                not trusted.
        """
        workspace = Workspace(Path(folder), None if config is None else Path(config), trust=trust)
        return cls(workspace, Caller.of_process(Path(folder)))

    def close(self) -> None:
        """Give back the connections and the memory that are kept from one call to the next.

        What is asked later takes them again. No other thread may be asking meanwhile.
        """
        self.workspace.close()

    def __enter__(self) -> Self:
        """Itself, to be closed in the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def kb_names(self) -> Sequence[str]:
        """The KBs that are configured."""
        return self.workspace.names()

    @property
    def shared(self) -> bool:
        """Whether the index is one that others write to too."""
        return self.workspace.index.shared

    @property
    def _corpus(self) -> Corpus:
        """What answers need, paths read from where the caller is."""
        return msgspec.structs.replace(self.workspace.corpus, within=self._within)

    def _within(self, path: str) -> tuple[str, ...]:
        return self.standpoint.within(path, self.kb_names)

    @property
    def standpoint(self) -> Standpoint:
        """What files of KBs are called from where the caller is."""
        from pyrite_cli.core.git.standpoint import Standpoint

        several = len(self.workspace.config.kbs) > 1
        caller = self.caller
        return Standpoint(
            self.workspace.folder_of, caller.here, several=several, folder=str(caller.folder)
        )

    def filters(
        self,
        *,
        kbs: Sequence[str] = (),
        types: Sequence[str] = (),
        tags: Sequence[str] = (),
        paths: Sequence[str] = (),
        where: Sequence[str] = (),
        since: str = "",
        until: str = "",
        committed_since: str = "",
        authors: Sequence[str] = (),
    ) -> Filters:
        """What people write to say which entries may be found, as filters.

        Args:
            kbs: Names of KBs; one of them.
            types: Entry types; one of them.
            tags: Tags; all of them.
            paths: Folders, files or patterns; one of them.
            where: Conditions on frontmatter such as `status=Final`, `priority>=3`; all of them.
            since: Entries dated on or after this ISO date.
            until: Entries dated on or before it.
            committed_since: Entries committed on or after it.
            authors: Parts of names or addresses; a commit by each of them.

        Raises:
            UsageError: No KB is called so, a condition compares nothing, or a date isn't one.
        """
        from pyrite_cli.core.query import options

        self.workspace.check_names(kbs)
        return options.filters(
            kbs=kbs,
            types=types,
            tags=tags,
            paths=paths,
            where=where,
            since=since,
            until=until,
            committed_since=committed_since,
            authors=authors,
        )

    @staticmethod
    def mode(name: str) -> Mode:
        """A way of searching by its name.

        Raises:
            UsageError: It is none of `keyword`, `semantic` and `hybrid`.
        """
        from pyrite_cli.core.query import options

        return options.mode(name)

    @staticmethod
    def order(name: str) -> Order:
        """An order of entries by its name.

        Raises:
            UsageError: It is none of `path`, `title` and `date`.
        """
        from pyrite_cli.core.query import options

        return options.order(name)

    def search(self, request: SearchRequest) -> SearchReply:
        """Search by keyword, by meaning, or by both.

        Raises:
            UsageError: The request or the query names a KB that isn't there, or makes no sense.
            ModelError: A search by meaning of an index without vectors, or without its model.
            NoIndexError: Nothing was synced yet.
        """
        from pyrite_cli.core.search.search import search

        return search(self._corpus, request)

    def batch(self, request: BatchRequest) -> Iterator[BatchReply | BatchFault]:
        """Answer many queries from one view of the index, each as `search` would.

        Returns:
            The answers in the order of the queries, each made when it is asked for.

        Raises:
            UsageError: A line is no query, there is none, or the rest makes no sense.
        """
        from pyrite_cli.core.evaluate import asking, queries
        from pyrite_schemas.errors import UsageError

        asked = queries.questions(request.queries, request.name, named=False)
        if not asked:
            raise UsageError(f"{request.name}: there is no query in it")
        corpus, like = self._corpus, request.like
        corpus.settled(like.mode)
        corpus.checked(like.filters, like.limit, like.offset)  # now, not at the first answer
        return asking.answers(corpus, asked, like)

    def get(self, request: GetRequest) -> EntryReply:
        """One whole entry, or a section of it: `ENTRY#heading`.

        Raises:
            NotFoundError: There is none, or it has no such heading.
            UsageError: There are several.
        """
        from pyrite_cli.core.search import browse

        whole, anchor = browse.get(self._corpus, request, self.standpoint)
        if not anchor:
            return whole
        from pyrite_cli.core.entry.section import section  # reads Markdown

        name = f"{whole.kb}:{whole.id}" if self.standpoint.several else whole.id
        return section(whole, anchor, name)

    def list(self, request: ListRequest | None = None) -> ListReply:
        """Entries by KB and path."""
        from pyrite_cli.core.search import browse
        from pyrite_schemas.requests.reading import ListRequest

        asked = request or ListRequest()
        return browse.entries(self._corpus, asked)

    def tags(self, request: TagsRequest | None = None) -> TagsReply:
        """Tags, the most used first."""
        from pyrite_cli.core.search import browse
        from pyrite_schemas.requests.reading import TagsRequest

        asked = request or TagsRequest()
        return browse.tags(self._corpus, asked)

    def links(self, request: LinksRequest) -> LinksReply:
        """What an entry links to, and what links to it; raises what `get` does."""
        from pyrite_cli.core.search import browse

        return browse.links(self._corpus, request, self.standpoint)

    def related(self, request: RelatedRequest) -> RelatedReply:
        """What has to do with an entry, and why; raises what `get` does."""
        from pyrite_cli.core.search import related

        return related.answer(self._corpus, request, self.standpoint)

    def freshness(self) -> tuple[Freshness, ...]:
        """How current the index is, by KB, without looking at work trees."""
        from pyrite_cli.core.search import browse

        return browse.current(self._corpus)

    def edited(self) -> dict[str, int]:
        """How many files of work trees differ from what is indexed of their commit, by KB; large
        repositories are not looked at."""
        if self.shared:
            return {}  # of commits alone
        from pyrite_cli.core.index import status

        return status.edited(self.workspace.index, self.workspace.reachable_kbs()[0])

    def evaluate(self, request: EvaluateRequest, observer: Observer = SILENT) -> EvalReply:
        """Measure the ranking by queries with known answers.

        Raises:
            UsageError: The request makes no sense, a file isn't what it is said to be, or a
                package that measures is not installed.
            OSError: A file can't be read or written.
        """
        from pyrite_cli.core.evaluate import evaluation

        place = self.caller.place
        files = evaluation.Files(
            queries=place(request.queries),
            qrels=place(request.qrels),
            baseline=place(request.baseline) if request.baseline else None,
            run_out=place(request.run_out) if request.run_out else None,
        )
        try:
            return evaluation.evaluate(self._corpus, request, files, observer)
        finally:
            observer.done()

    def kbs(self) -> KbListReply:
        """The KBs that the index holds, whatever configuration they belong to."""
        from pyrite_cli.core.index import held
        from pyrite_schemas.replies.kbs import KbListReply

        index = self.workspace.index
        return KbListReply(index.describe(), held.held(index, self.workspace.owner))

    def types(self, request: TypesRequest | None = None) -> TypesReply:
        """The entry types that are configured."""
        from pyrite_cli.core.config import types
        from pyrite_schemas.requests.making import TypesRequest

        asked = request or TypesRequest()
        self.workspace.check_names([asked.kb] if asked.kb else [])
        return types.declared(self.workspace.config, asked.kb)

    def type_schema(self, name: str, kb: str = "") -> dict[str, Any]:
        """The JSON Schema of the frontmatter of a type's entries.

        Args:
            name: The type.
            kb: The KB whose type it is; any when empty.

        Raises:
            UsageError: There is none of that name, or several.
        """
        from pyrite_cli.core.config import types

        self.workspace.check_names([kb] if kb else [])
        return types.schema(self.workspace.config, kb, name)
