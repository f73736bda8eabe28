"""Changes of todos are told."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A trigger, so that what the version before writes is told too.
    op.execute(
        """
        CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            owner text := coalesce(NEW.user_id, OLD.user_id);
        BEGIN
            -- A longer payload is an error, which would undo the change.
            IF octet_length(owner) < 4000 THEN
                PERFORM pg_notify(
                    'todo_changes',
                    json_build_object('user_id', owner, 'kind', TG_ARGV[0])::text
                );
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER tell_change AFTER INSERT OR UPDATE OR DELETE ON todo"
        " FOR EACH ROW EXECUTE FUNCTION tell_change('todos')"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER tell_change ON todo")
    op.execute("DROP FUNCTION tell_change()")
