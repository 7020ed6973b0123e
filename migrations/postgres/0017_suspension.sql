-- A workspace that rests: since then its clocks stand still; null: it does not.
alter table workspaces add column suspended_at bigint;
