-- Distributes the pages over the workers of Citus: all rows of a page lie together, the tables without pages stay where
-- they are. Once, after `scriptorium migrate`, on the coordinator, before anything was written or after:
--   psql "$DATABASE_URL" -f scripts/deploy/citus.sql
-- Then the service is started with BATCH_ROOMS=1.

SELECT create_distributed_table('scriptorium.room', 'room_id');
SELECT create_distributed_table('scriptorium.update', 'room_id', colocate_with => 'scriptorium.room');
SELECT create_distributed_table('scriptorium.snapshot', 'room_id', colocate_with => 'scriptorium.room');
SELECT create_distributed_table('scriptorium.version', 'room_id', colocate_with => 'scriptorium.room');
SELECT create_distributed_table('scriptorium.writer', 'room_id', colocate_with => 'scriptorium.room');
SELECT create_distributed_table('scriptorium.quarantine', 'room_id', colocate_with => 'scriptorium.room');
