"""What Alembic runs to migrate, on a connection and under a lock of the store's."""

from __future__ import annotations

from alembic import context

from pyrite_backends.state.tables import metadata

if hasattr(context, "config"):  # not where a module is only looked at
    context.configure(
        connection=context.config.attributes.get("connection"),
        dialect_name=context.config.attributes["dialect"],
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    context.run_migrations()
