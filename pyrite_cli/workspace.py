"""A configuration and all that it leads to: the only place that wires sources, index and models."""

from __future__ import annotations

import functools
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from pyrite_backends.factory import open_index, open_state, vector_cache
from pyrite_cli.core.config import home, settings
from pyrite_cli.core.git.distance import Distance, Distances
from pyrite_cli.core.git.paths import expanded
from pyrite_cli.core.git.repository import is_bare
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import ConfigError, PyriteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_backends.port.index import Index
    from pyrite_backends.port.state import State
    from pyrite_backends.port.vectors import Model
    from pyrite_cli.core.embed.provider import Provider
    from pyrite_cli.core.index.kb import Kb
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_cli.core.state.tasks import Known
    from pyrite_schemas.config import KbConfig
    from pyrite_schemas.sync import KbState

Value = TypeVar("Value")


class _Once(Generic[Value]):
    """A property that is made when it is first asked for, by one thread alone.

    `functools.cached_property` lets two threads make two: of an index, each with locks of its own.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, workspace: None, owner: type) -> _Once[Value]: ...
    @overload
    def __get__(self, workspace: Workspace, owner: type) -> Value: ...
    def __get__(self, workspace: Workspace | None, owner: type) -> _Once[Value] | Value:
        if workspace is None:
            return self
        with workspace.making:
            if self._name not in workspace.__dict__:
                workspace.__dict__[self._name] = self._make(workspace)
        found: Value = workspace.__dict__[self._name]
        return found


class Workspace:
    """A configuration, its index, sources and models, for as long as a process wants them.

    Any number of threads may use one; nothing is opened before it is needed. What is configured is
    read once: a file that is changed later is another workspace's.

    Args:
        folder: Where the configuration is looked for.
        config: The file to read instead.
        trust: Let it reach beyond its repository, whether or not the user has allowed that.

    Attributes:
        project: The configuration and where it was found.
        remarks: What there is to know of it, such as why the index is not where it usually is.

    Raises:
        ConfigError: Nothing is configured and there is no repository, or it isn't valid or not
            trusted.
    """

    def __init__(self, folder: Path, config: Path | None = None, *, trust: bool = False) -> None:
        if config is not None and not config.is_file():
            raise ConfigError(f"there is no file {config}")
        self.project = settings.find(folder, config)
        if self.project.file is not None:
            from pyrite_cli.core.config.reach import reaches  # only with a configuration file

            found = reaches(self.project)
            if found:
                from pyrite_cli.core.config import trust as trusting  # most reach nowhere

                trusting.need(self.project, found, given=trust)
        self.config = self.project.config
        self.remarks: tuple[str, ...] = ()
        self.making = threading.RLock()
        self._distances = Distances()

    @_Once
    def owner(self) -> str:
        """Names the configuration, in an index that several may share."""
        return self._shared_name if self.index.shared else str(self._named_by)

    @property
    def _named_by(self) -> Path:
        """The file or folder that tells this configuration from others on this machine."""
        file = (self.project.file or self.project.root).resolve()
        # It is one configuration, before it has the file and after.
        return file.parent if file.name in settings.FILE_NAMES else file

    @_Once
    def _shared_name(self) -> str:
        """The same where several machines share something: every clone of a repository has it."""
        file = self._named_by

        from pyrite_cli.core.git.command import remote

        top = self.project.repository
        origin = remote(top) if top else ""
        if top is None or not origin:
            import socket  # only where there is no better name

            return f"{socket.gethostname()}:{file}"
        inside = file.relative_to(top.resolve()).as_posix()
        return f"{origin}:{inside}" if inside != "." else origin

    @property
    def alone(self) -> bool:
        """Whether the index lies beside the configuration, where no other has one."""
        return not self.index.shared and not self.config.storage.path

    @_Once
    def analyzer(self) -> Analyzer:
        """The tokenisation."""
        return Analyzer(self.config.search.language)

    @_Once
    def cache_folder(self) -> Path:
        """Where embeddings and exported models are kept."""
        return self._cache[0]

    @_Once
    def _cache(self) -> tuple[Path, bool]:
        """The cache folder, and whether no repository can have put anything into it."""
        self._spare_git()
        named = settings.cache_folder(self.config, self.project.root)
        if not home.is_tracked(named):
            return named, named == home.user_cache()
        own = home.system_cache()
        self._remark(f"git tracks files in {named}, which are never opened: the cache is {own}")
        return own, True

    @_Once
    def index(self) -> Index:
        """The index; nothing of it is opened yet."""
        self._spare_git()
        return open_index(
            self.config.storage,
            self._index_path,
            lambda: settings.database_url(self.config, self.project.file),
            self.analyzer,
            self._remark,
        )

    @_Once
    def state(self) -> State:
        """What git does not hold; nothing of it is opened yet."""
        self._spare_git()
        return open_state(
            self.config.storage,
            self._state_path,
            lambda: settings.database_url(self.config, self.project.file),
            self.config.project or self._shared_name,
        )

    def _state_path(self) -> tuple[Path, bool]:
        """The file that holds it, and whether no repository can have put anything there."""
        if self.config.state.path:
            named = (self.project.root / expanded(self.config.state.path)).resolve()
            return self._own_place(named), False
        from pyrite_backends.port import owned  # a search has no state

        return owned.data_folder() / "state.db", True

    @_Once
    def tasks(self) -> Known:
        """The tasks of the index, as they were read last."""
        from pyrite_cli.core.state.tasks import Known

        return Known()

    @_Once
    def person(self) -> str:
        """Who the record says did it: PYRITE_USER, else git's `user.email`, else the account."""
        from pyrite_cli.core.git.command import person

        return os.environ.get("PYRITE_USER", "").strip() or person(self.project.root)

    @property
    def session(self) -> str:
        """Who holds what is claimed where nobody says: PYRITE_SESSION, else the person."""
        return os.environ.get("PYRITE_SESSION", "").strip() or self.person

    @_Once
    def provider(self) -> Provider:
        """The model and its caches."""
        from pyrite_cli.core.embed.provider import Provider  # only what embeds

        return Provider(
            self.config.embedding.model,
            self.project.root,
            self.cache_folder,
            self.index,
            functools.partial(vector_cache, own=self._cache[1]),
            own=self._cache[1],
        )

    @_Once
    def corpus(self) -> Corpus:
        """What answers need."""
        from pyrite_cli.core.search.corpus import Corpus  # not what syncs or checks

        return Corpus(
            self.index,
            self.analyzer,
            self._embed_query,
            self.look,
            self.check_names,
            self.names(),
            self.config.search.mode,
        )

    def _spare_git(self) -> None:
        own = self.config
        if self.project.file and (own.storage.path or own.cache.path or own.state.path):
            from pyrite_cli.core.config import trust  # most configurations name no place

            trust.spare_git(self.project, self.project.file)

    def close(self) -> None:
        """Give back what is kept for the next call; see `Index.close`."""
        with self.making:
            made: Index | None = self.__dict__.get("index")
            state: State | None = self.__dict__.get("state")
        for one in (made, state):
            if one is not None:
                one.close()

    def _embed_query(self, text: str, model: Model) -> bytes:
        return self.provider.embed_query(text, model)  # which is made by the first such search

    def _index_path(self) -> Path:
        """The database file: as configured, or in the project's own folder."""
        root = self.project.root
        if self.config.storage.path:
            return self._own_place((root / expanded(self.config.storage.path)).resolve())
        bare = self.project.file is None and not (root / ".git").exists()
        place = home.of(root, bare=bare)
        path = place.folder / "index.db"
        if place.reason:
            self._remark(f"{root} {place.reason}: its index is {path}")
        return path

    def _own_place(self, path: Path) -> Path:
        """See that a database that is configured is none that a repository brings.

        Raises:
            ConfigError: Git tracks it, or what SQLite would keep beside it.
        """
        from pyrite_backends.port import owned  # only where a place is configured

        if home.is_tracked(path, owned.BESIDE):
            raise ConfigError(
                f"git tracks {path}, or a file that SQLite would keep beside it",
                "it is never opened: name another one in `storage.path`",
            )
        return path

    def _remark(self, text: str) -> None:
        self.remarks = (*self.remarks, text)

    def kbs(self, names: Sequence[str] = (), ref: str = "", *, worktree: bool = False) -> list[Kb]:
        """The configured KBs, or those named.

        Args:
            names: Which; all of them when empty.
            ref: Read this instead of what is configured.
            worktree: Read the work tree instead of a configured ref.

        Raises:
            UsageError: A name is not configured.
            SourceError: A KB's repository is not there.
        """
        self.check_names(names)
        return [
            self._kb(kb, ref, worktree) for kb in self.config.kbs if not names or kb.name in names
        ]

    def unindexed_kbs(self, ref: str = "") -> list[Kb]:
        """All configured KBs where there need be no index: from the work tree, or the ref that is
        given or configured.

        Args:
            ref: Read this instead.

        Raises:
            SourceError: A KB's repository is not there.
        """
        return [self._kb(kb, ref, False, indexed=False) for kb in self.config.kbs]

    def reachable_kbs(self) -> tuple[list[Kb], dict[str, str]]:
        """The configured KBs whose repository is here, and why the others can't be read."""
        found, faults = [], {}
        for kb in self.config.kbs:
            try:
                found.append(self._kb(kb, "", False))
            except PyriteError as error:
                faults[kb.name] = error.message
        return found, faults

    def names(self, names: Sequence[str] = ()) -> list[str]:
        """Names of the configured KBs, or those given; what they come from need not be here.

        Raises:
            UsageError: A name is not configured.
        """
        self.check_names(names)
        return [kb.name for kb in self.config.kbs if not names or kb.name in names]

    def check_names(self, names: Sequence[str]) -> None:
        """See that KBs are configured.

        Raises:
            UsageError: One isn't.
        """
        known = [kb.name for kb in self.config.kbs]
        for name in names:
            if name not in known:
                from pyrite_cli.core.text import spelling  # only where one is not there

                hint = spelling.meant(spelling.nearest(name, known))
                raise UsageError(
                    f"no KB is called {name!r}", hint or f"configured: {', '.join(known)}"
                )

    def folder_of(self, name: str) -> Path | None:
        """A configured KB's folder in a work tree; None where there is none on this machine."""
        from pyrite_cli.core.git.places import locate

        for kb in self.config.kbs:
            if kb.name == name:
                try:
                    repository, folder = locate(kb, self.project.root)
                except PyriteError:
                    return None
                return None if is_bare(repository) else repository.resolve() / folder
        return None

    def look(self, state: KbState) -> Distance:
        """How far the source of a KB has gone since it was indexed."""
        root = self._repository(state)
        if root is None:
            return Distance(None, None)
        return self._distances.measure(root, state.ref or "HEAD", state.revision.commit)

    def _repository(self, state: KbState) -> Path | None:
        """The repository a KB was synced from, or this machine's clone of it."""
        root = Path(state.source)
        if root.is_absolute() and root.is_dir():
            return root
        from pyrite_cli.core.git.places import locate  # only where it was synced elsewhere

        for kb in self.config.kbs:
            if kb.name == state.name:
                try:
                    return locate(kb, self.project.root).repository
                except PyriteError:
                    return None
        return None

    def _kb(self, kb: KbConfig, ref: str, worktree: bool, *, indexed: bool = True) -> Kb:
        from pyrite_cli.core.entry import rules  # only what looks at files
        from pyrite_cli.core.git.command import remote
        from pyrite_cli.core.git.places import locate
        from pyrite_cli.core.git.source import Source
        from pyrite_cli.core.index.kb import Kb

        repository, folder = locate(kb, self.project.root)
        # What others read must be what others can have: commits.
        shared = indexed and self.index.shared
        chosen = "" if worktree else ref or kb.ref or ("HEAD" if shared else "")
        origin = remote(repository) if shared else ""
        name = kb.name if len(self.config.kbs) > 1 else ""
        source = Source(repository, folder, chosen, kb.include, kb.exclude, name)
        return Kb(kb.name, source, self.config.frontmatter.date, origin, rules.of(kb))
