"""From a configuration to sources, an index and models: the only place that wires them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pyrite_backends.factory import open_index, vector_cache, vector_file
from pyrite_cli.core.config import settings
from pyrite_cli.core.git.repository import head, is_bare, shallow
from pyrite_cli.core.git.standpoint import Standpoint
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.config import KbConfig
from pyrite_schemas.errors import ConfigError, ModelError, PyriteError, SourceError, UsageError
from pyrite_schemas.sync import KbState

if TYPE_CHECKING:
    from pyrite_backends.port.index import Index
    from pyrite_backends.port.vectors import Model, VectorCache, VectorFile
    from pyrite_cli.core.embed.model import Files
    from pyrite_cli.core.embed.onnx import OnnxRuntime
    from pyrite_cli.core.embed.runtime import Runtime
    from pyrite_cli.core.git.command import Git
    from pyrite_cli.core.index.kb import Kb
    from pyrite_cli.core.index.sync import Vectors


class Container:
    """Everything a command needs, made when it is asked for.

    Args:
        folder: Where the user is.
        config_file: The configuration to read instead of looking for one.

    Raises:
        ConfigError: Nothing is configured and there is no repository, or it isn't valid.
    """

    def __init__(self, folder: Path, config_file: Path | None = None) -> None:
        if config_file is not None and not config_file.is_file():
            raise ConfigError(f"there is no file {config_file}")
        self.project = settings.find(folder, config_file)
        self.config = self.project.config
        self.notes: list[str] = []
        self._counted: dict[tuple[Path, str, str], int | None] = {}
        self._runtimes: dict[Path, OnnxRuntime] = {}
        self.doubts: dict[str, str] = {}
        """Why it can't be told whether a KB is up to date, by name."""

    @cached_property
    def owner(self) -> str:
        """Names the configuration, in an index that several may share.

        Where several machines do, every clone of a repository has the same name.
        """
        file = (self.project.file or self.project.root).resolve()
        if file.name in settings.FILE_NAMES:
            file = file.parent  # which is one configuration, before it has the file and after
        if not self.index.shared:
            return str(file)

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

    def owns(self, state: KbState) -> bool:
        """Whether a KB of the index is this configuration's, or that of one that is gone."""
        from pyrite_cli.core.index.sync import Options  # only `status` asks

        return Options(owner=self.owner, alone=self.alone).owns(state)

    @cached_property
    def analyzer(self) -> Analyzer:
        return Analyzer(self.config.search.language)

    @cached_property
    def cache_folder(self) -> Path:
        return settings.cache_folder(self.config, self.project.root)

    @cached_property
    def index(self) -> Index:
        return open_index(
            self.config.storage,
            self._index_path,
            lambda: settings.database_url(self.config, self.project.file),
            self.analyzer,
        )

    def _index_path(self) -> Path:
        """The database file: as configured, in `.pyrite/`, or, where nothing can be written, in
        the cache folder."""
        root = self.project.root
        if self.config.storage.path:
            return (root / Path(self.config.storage.path).expanduser()).resolve()
        bare = self.project.file is None and not (root / ".git").exists()
        place = root / ".pyrite" / "index.db"
        if place.parent.is_symlink():
            raise ConfigError(
                f"{place.parent} is a symbolic link; Pyrite does not write where one leads",
                "remove it, or set `storage.path` in pyrite.yaml",
            )
        if not bare and (place.exists() or os.access(root, os.W_OK)):
            return place
        import hashlib  # openssl, 4 ms

        digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
        elsewhere = self.cache_folder / "indexes" / f"{root.name}-{digest}" / "index.db"
        reason = "is a bare repository" if bare else "can't be written"
        self.notes.append(f"{root} {reason}: its index is {elsewhere}")
        return elsewhere

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

    @cached_property
    def standpoint(self) -> Standpoint:
        """What files are called from where the user is."""
        return Standpoint(self._folder_of, several=len(self.config.kbs) > 1)

    def _folder_of(self, name: str) -> Path | None:
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

    def _kb(self, kb: KbConfig, ref: str, worktree: bool, *, indexed: bool = True) -> Kb:
        from pyrite_cli.core.entry import rules  # only commands that look at files
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

    def model_files(self, *, fetch: bool = True) -> Files:
        """The configured model.

        Args:
            fetch: Download it when it isn't here; only for what will embed something.

        Raises:
            ModelError: It is not here and can't be fetched.
        """
        from pyrite_cli.core.embed.model import locate  # only commands that embed

        name = self.config.embedding.model
        return locate(name, self.project.root, self.cache_folder, fetch=fetch)

    def vectors(self, files: Files) -> Vectors:
        """The model and its cached vectors, for a sync."""
        from pyrite_cli.core.index.sync import Vectors

        return Vectors(files.model, self.cache(files.model))

    def cache(self, model: Model) -> VectorCache:
        """The vectors of a model that were made before: by this user, and, where the index is
        kept where others work too, by anyone."""
        from pyrite_cli.core.embed.caches import Layered  # only commands that embed

        near, *far = self.caches(model)
        return Layered(near, far[0]) if far else near

    def caches(self, model: Model) -> list[VectorCache]:
        """What `cache` is made of: this machine's, then the index's where it keeps one."""
        far = self.index.cache(model)
        return [vector_cache(self.cache_folder, model), *([far] if far else [])]

    def export(self, path: Path) -> VectorFile:
        """A file that vectors are carried in."""
        return vector_file(path)

    def embed_query(self, text: str, model: Model) -> bytes:
        """The vector of a query under the index's model, by the exported model alone.

        Raises:
            ModelError: Another model is configured, or this one is not exported and can't be.
        """
        from pyrite_cli.core.embed import blas

        with blas.single():
            from pyrite_cli.core.embed import onnx  # numpy, 40 ms

        if model.name != self.config.embedding.model:
            raise ModelError(
                f"the index was made with model {model.name}, "
                f"but {self.config.embedding.model} is configured",
                "run `pyrite index sync`",
            )
        folder = onnx.folder_of(self.cache_folder, model)
        if not onnx.is_exported(folder):
            files = self.model_files()
            if files.model.fingerprint != model.fingerprint:
                raise ModelError(
                    f"model {model.name} is another version than the index was made with",
                    "run `pyrite index sync`",
                )
            from pyrite_cli.core.embed.bulk import export  # torch, 5 s

            export(files, self.cache_folder)
        if folder not in self._runtimes:
            self._runtimes[folder] = onnx.OnnxRuntime(folder)
        return self._runtimes[folder].query(text).tobytes()

    def sample_runtime(self) -> tuple[Model, Runtime] | None:
        """The exported model, for checking vectors; None when there is none here."""
        from pyrite_cli.core.embed import onnx  # numpy and onnxruntime, 0.2 s
        from pyrite_cli.core.embed.model import installed

        if not installed():
            return None
        try:
            model = self.model_files(fetch=False).model
            return model, onnx.OnnxRuntime(onnx.folder_of(self.cache_folder, model))
        except ModelError:
            return None

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

    def lag(self, state: KbState) -> tuple[bool | None, int | None]:
        """Whether what is indexed is what a KB's ref names now, and how many commits came on top.

        Reads the ref's file; starts git only for a ref that is no branch or names another commit.

        Returns:
            (None, None) where there is no repository; (False, None) or (False, 0) when the ref
            went to a commit that does not follow the one indexed.
        """
        root = self._repository(state)
        if root is None:
            return None, None
        ref, held = state.ref or "HEAD", state.revision.commit
        now = head(root, ref)
        if now and now == held:
            return True, 0
        from pyrite_cli.core.git.command import Git  # most indexes are of the present

        git = Git(root)
        try:
            if now is None:
                now = git.quiet("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
            if not now:
                return None, None
            if now == held:
                return True, 0
            if (root, held, now) not in self._counted:
                self._counted[root, held, now] = _count(git, held, now)
            return False, self._counted[root, held, now]
        except SourceError as error:
            self.doubts[state.name] = f"{error.message}; {error.hint}"
            return (False if now else None), None


def _count(git: Git, held: str, now: str) -> int | None:
    """How many commits came on top of one; None where history is cut off between."""
    counted = git.quiet("rev-list", "--count", f"{held}..{now}" if held else now)
    if held and shallow(git.root) and git.quiet("merge-base", held, now) != held:
        return None
    return int(counted) if counted.isdigit() else None
